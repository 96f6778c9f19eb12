import CTorch

/// libtorch itself: its version, threads and counters.
public enum Runtime {
  /// `1.13.0`, `2.13.0`, …
  public static var version: String { String(cString: ct_version()) }

  /// Threads one operation may use on the CPU, at least 1.
  public static var threads: Int {
    get { Int(ct_get_num_threads()) }
    set { ct_set_num_threads(Int32(clamping: newValue)) }
  }

  /// Tensors made and not yet freed in this process.
  public static var liveTensors: Int { Int(ct_live_tensors()) }

  /// Calls that made a tensor in this process.
  public static var calls: Int { Int(ct_calls()) }

  /// Runs `body` with autograd's bookkeeping off on this thread (`c10::InferenceMode`).
  ///
  /// The mode belongs to the thread: `body` must not suspend.
  public static func inference<Value>(_ body: () throws -> Value) rethrows -> Value {
    let mode = ct_inference_mode_begin()
    defer { ct_inference_mode_end(mode) }
    return try body()
  }
}
