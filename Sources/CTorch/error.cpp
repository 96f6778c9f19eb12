#include "support.hpp"

#include <new>
#include <string>

namespace {

thread_local ct_error last_kind = CT_ERROR_INTERNAL;
thread_local std::string last_message;

// libtorch reports a failed host allocation as an ordinary error; only its words tell.
bool tells_of_memory(const std::string &message) {
  return message.find("can't allocate memory") != std::string::npos ||
         message.find("not enough memory") != std::string::npos ||
         message.find("out of memory") != std::string::npos;
}

} // namespace

namespace ctorch {

void record(ct_error kind, const char *message) noexcept {
  last_kind = kind;
  try {
    last_message = message;
  } catch (...) {
    last_message.clear();
  }
}

void record_failure() noexcept {
  try {
    throw;
  } catch (const c10::OutOfMemoryError &error) {
    record(CT_ERROR_OUT_OF_MEMORY, error.what_without_backtrace());
  } catch (const c10::NotImplementedError &error) {
    record(CT_ERROR_UNAVAILABLE, error.what_without_backtrace());
  } catch (const c10::Error &error) {
    const char *message = error.what_without_backtrace();
    record(tells_of_memory(message) ? CT_ERROR_OUT_OF_MEMORY : CT_ERROR_INVALID, message);
  } catch (const std::bad_alloc &) {
    record(CT_ERROR_OUT_OF_MEMORY, "not enough memory");
  } catch (const std::exception &error) {
    record(tells_of_memory(error.what()) ? CT_ERROR_OUT_OF_MEMORY : CT_ERROR_INTERNAL, error.what());
  } catch (...) {
    record(CT_ERROR_INTERNAL, "unknown exception");
  }
}

} // namespace ctorch

ct_error ct_error_kind(void) { return last_kind; }
const char *ct_error_message(void) { return last_message.c_str(); }
