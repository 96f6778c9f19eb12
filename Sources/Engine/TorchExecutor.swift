import Foundation
import Synchronization
import Torch

/// One thread on which all tensor work happens.
///
/// Inference mode, the current GPU and its stream belong to a thread, and a second thread that calls
/// libtorch would get a second team of workers: an actor alone, which may hop between threads, is not enough.
public final class TorchExecutor: SerialExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  private let available = DispatchSemaphore(value: 0)

  /// Starts the thread. It lives as long as the process.
  public init() {
    let thread = Thread { [self] in
      Runtime.inference { run() }
    }
    thread.name = "torch"
    thread.stackSize = 16 << 20
    thread.start()
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    available.signal()
  }

  private func run() {
    while true {
      available.wait()
      guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
      job.runSynchronously(on: asUnownedSerialExecutor())
    }
  }
}
