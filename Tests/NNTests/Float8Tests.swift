import Foundation
import Testing

@testable import NN

/// Against torch's own conversion (Fixtures/float8.json, made by scripts/fixtures/float8.py).
@Suite struct Float8Tests {
  private struct Table: Decodable {
    let e4m3: [UInt16], e5m2: [UInt16]

    enum CodingKeys: String, CodingKey {
      case e4m3 = "F8_E4M3"
      case e5m2 = "F8_E5M2"
    }
  }

  private func table() throws -> Table {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/float8.json")
    return try JSONDecoder().decode(Table.self, from: Data(contentsOf: file))
  }

  /// Every NaN as 0x7E00, as in the table.
  private func oneNaN(_ half: UInt16) -> UInt16 { half & 0x7FFF > 0x7C00 ? 0x7E00 : half }

  @Test func everyE4M3Code() throws {
    #expect(Float8.e4m3.map(oneNaN) == (try table().e4m3))
  }

  @Test func everyE5M2Code() throws {
    #expect(Float8.e5m2.map(oneNaN) == (try table().e5m2))
  }

  @Test func wellKnownCodes() {
    #expect(Float8.half(e4m3: 0x38) == 0x3C00)  // 1
    #expect(Float8.half(e4m3: 0x7E) == 0x5F00)  // 448, the largest
    #expect(Float8.half(e4m3: 0x01) == 0x1800)  // 2⁻⁹, the smallest
    #expect(Float8.half(e5m2: 0x3C) == 0x3C00)  // 1
    #expect(Float8.half(e5m2: 0x7C) == 0x7C00)  // infinity
  }
}
