import Images
import Testing

@Suite struct RGBImageTests {
  @Test func holdsExactlyThreeBytesAPixel() {
    #expect(RGBImage(width: 2, height: 3, pixels: [UInt8](repeating: 9, count: 18))?.height == 3)
    for count in [0, 17, 19] {
      #expect(RGBImage(width: 2, height: 3, pixels: [UInt8](repeating: 9, count: count)) == nil)
    }
  }

  @Test func refusesSidesThatAreNoPicture() {
    for (width, height) in [(0, 1), (1, 0), (-1, -3), (Int.max, 2), (Int.max / 2, 1), (Int.min, Int.min)] {
      #expect(RGBImage(width: width, height: height, pixels: [0, 0, 0]) == nil)
    }
  }
}
