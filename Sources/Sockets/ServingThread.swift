import Glibc

/// Runs a closure on a thread of its own.
enum ServingThread {
  private final class Body {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// - Throws: `SocketError` when no thread can be made; `run` is then never called.
  static func spawn(_ run: @escaping @Sendable () -> Void) throws(SocketError) {
    let body = Unmanaged.passRetained(Body(run))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        // Signals are for the threads that wait for them.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      body.release()
      throw SocketError("pthread_create", code: code)
    }
    pthread_detach(thread)
  }
}
