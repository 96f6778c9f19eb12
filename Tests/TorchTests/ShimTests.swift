import CTorch
import Testing

/// The promises of the C surface that Swift's types hide.
@Suite struct ShimTests {
  /// Counts how often a borrowed buffer was given back.
  private final class Count {
    var releases = 0
  }

  private func borrow(_ sizes: [Int64], _ count: Count, _ buffer: UnsafeMutablePointer<Float>)
    -> OpaquePointer?
  {
    sizes.withUnsafeBufferPointer {
      ct_tensor_from_memory(
        buffer, $0.baseAddress, Int32($0.count), CT_FLOAT32,
        { context in
          guard let context else { return }
          Unmanaged<Count>.fromOpaque(context).takeUnretainedValue().releases += 1
        }, Unmanaged.passUnretained(count).toOpaque())
    }
  }

  @Test func aBorrowedBufferIsGivenBackOnce() {
    let buffer = UnsafeMutablePointer<Float>.allocate(capacity: 4)
    defer { buffer.deallocate() }
    buffer.initialize(repeating: 1, count: 4)
    let count = Count()
    let tensor = borrow([2, 2], count, buffer)
    #expect(tensor != nil)
    // Another view keeps the buffer alive.
    let view = ct_transpose(tensor, 0, 1)
    ct_tensor_free(tensor)
    #expect(count.releases == 0)
    ct_tensor_free(view)
    #expect(count.releases == 1)
  }

  @Test func alsoWhenTheTensorCannotBeMade() {
    let buffer = UnsafeMutablePointer<Float>.allocate(capacity: 4)
    defer { buffer.deallocate() }
    for sizes in [[-1, 4], Array(repeating: 1, count: 17)] as [[Int64]] {
      let count = Count()
      #expect(borrow(sizes, count, buffer) == nil)
      #expect(ct_error_kind() == CT_ERROR_INVALID)
      #expect(count.releases == 1)
    }
  }

  @Test func freeingNothingIsAllowed() {
    ct_tensor_free(nil)
    ct_generator_free(nil)
  }
}
