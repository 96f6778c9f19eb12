// Tells the thread sanitizer what the kernel does for Swift's Mutex.
//
// Synchronization.Mutex is a priority-inheriting futex. Without a contender it is locked and unlocked by atomics in the
// program, which the sanitizer sees; with one, the kernel hands it over, which the sanitizer does not, and it takes
// what the mutex guards for a race. So the two system calls are announced. Preloaded by scripts/tsan.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>

// Of the sanitizer's runtime; absent in processes that were built without it.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

long syscall(long number, ...) {
  static long (*next)(long, ...);
  if (!next) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  long kind = number == SYS_futex ? a[1] & FUTEX_CMD_MASK : -1;
  if (kind == FUTEX_UNLOCK_PI && __tsan_release) __tsan_release((void *)a[0]);
  long result = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if ((kind == FUTEX_LOCK_PI || kind == FUTEX_TRYLOCK_PI) && result == 0 && __tsan_acquire)
    __tsan_acquire((void *)a[0]);
  return result;
}
