import Glibc

/// Ends the process by the outcome of `body`, with the error on standard error.
func exiting(_ body: () async throws -> Void) async -> Never {
  do {
    try await body()
    exit(EXIT_SUCCESS)
  } catch {
    let words = [UInt8]("\(error)".utf8)
    write(2, words, words.count)
    exit(EXIT_FAILURE)
  }
}

func require(_ condition: Bool, _ what: String) throws {
  guard condition else { throw ClientError(description: "wanted: \(what)") }
}

/// Lowers or raises the soft limit on descriptors.
func setDescriptorLimit(_ count: UInt) {
  let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
  var limit = rlimit()
  getrlimit(resource, &limit)
  limit.rlim_cur = count
  setrlimit(resource, &limit)
}

/// /proc/self/statm (proc(5)).
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  guard fgets(&line, 128, file) != nil else { return 0 }
  let words = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
  return (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
}
