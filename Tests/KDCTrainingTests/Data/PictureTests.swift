import Foundation
import KDCDiagnostics
import KDCTensor
import KDCTestSupport
import KDCToolchain
import KDCTraining
import Testing

/// Picture files of every kind; those of 3 by 2 pixels were written by Pillow.
@Suite struct PictureTests {
  private static let pixels: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 200, 100, 50, 255, 255, 255]
  private static let webP =
    "UklGRkIAAABXRUJQVlA4TDYAAAAvAkAAAC9AkG2zQdzr/jLTIJO2yV//dmZtZNI2rYf986+y8x9o5JGs+wYEApSx4oFtIvof4wU="
  /// The last pixel is a fifth of white.
  private static let fadedWebP = """
    UklGRkoAAABXRUJQVlA4TD0AAAAvAkAAEC9AkG2zQdzr/jLTIJO2yV//dmZtZNI2rYf986+yBNk2hZo/wZ0e6JFHan3fgECAMlY8sE1E/2O8AA==
    """
  private static let bmp24 = """
    Qk1OAAAAAAAAADYAAAAoAAAAAwAAAAIAAAABABgAAAAAABgAAADEDgAAxA4AAAAAAAAAAAAAHhQKMmTI////AAAAAAD/AP8A/wAAAAAA
    """
  private static let bmp8 = """
    Qk1WAAAAAAAAAE4AAAAoAAAAAwAAAAIAAAABAAgAAAAAAAgAAADEDgAAxA4AAAYAAAAGAAAA////AAD/AAAyZMgAHhQKAAAA/wD/AAAAAwIAAAQBBQA=
    """
  /// Black, white, black; black, black, white.
  private static let bmp1 =
    "Qk1GAAAAAAAAAD4AAAAoAAAAAwAAAAIAAAABAAEAAAAAAAgAAADEDgAAxA4AAAIAAAACAAAAAAAAAP///wAgAAAAQAAAAA=="
  private static let tiff = """
    SUkqABoAAACAP8AQOBQQFBQPMgyDJ/w2AgAKAAABAwABAAAAAwAAAAEBAwABAAAAAgAAAAIBAwADAAAAmAAAAAMBAwABAAAABQAAAAYBAwABAAAAAgAA
    ABEBBAABAAAACAAAABUBAwABAAAAAwAAABYBAwABAAAAAgAAABcBBAABAAAAEQAAABwBAwABAAAAAQAAAAAAAAAIAAgACAA=
    """
  /// 24 by 16 in squares of 8: 0, 50, 100; 150, 200, 250. To be turned as EXIF's 6 says.
  private static let turned = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAg
    UEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAQABgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQF
    BgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3OD
    k6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW
    19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AP5/6+yK+yK+yK+yK+yK/9k=
    """

  private func decode(_ data: Data, channels: Int = 3) throws -> Image {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/picture"
    try data.write(to: URL(fileURLWithPath: path))
    return try Image(contentsOf: path, channels: channels)
  }

  private static func data(_ text: String) -> Data {
    Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data()
  }

  @Test("Pictures without loss give their pixels, whatever the kind", arguments: [webP, bmp24, bmp8, tiff])
  func exact(_ text: String) throws {
    let image = try decode(Self.data(text))
    #expect((image.width, image.height) == (3, 2) && image.pixels == Self.pixels)
    let grey = try decode(Self.data(text), channels: 1)
    #expect(grey.pixels == [76, 150, 29, 18, 124, 255])
  }

  @Test("Transparency is shown over black, and a bit is black or white")
  func kinds() throws {
    #expect(try decode(Self.data(Self.fadedWebP)).pixels.suffix(3) == [51, 51, 51])
    #expect(try decode(Self.data(Self.bmp1), channels: 1).pixels == [0, 255, 0, 0, 0, 255])
  }

  @Test(
    "A JPEG file is turned as its EXIF says",
    arguments: [
      (1, 3, [0, 50, 100, 150, 200, 250]), (2, 3, [100, 50, 0, 250, 200, 150]), (3, 3, [250, 200, 150, 100, 50, 0]),
      (4, 3, [150, 200, 250, 0, 50, 100]), (5, 2, [0, 150, 50, 200, 100, 250]), (6, 2, [150, 0, 200, 50, 250, 100]),
      (7, 2, [250, 100, 200, 50, 150, 0]), (8, 2, [100, 250, 50, 200, 0, 150]), (9, 3, [0, 50, 100, 150, 200, 250]),
    ] as [(UInt8, Int, [Int])])
  func orientation(code: UInt8, columns: Int, expected: [Int]) throws {
    var data = Self.data(Self.turned)
    // Tag 0x0112, type 3, count 1, value 6, in the order of bytes of Motorola.
    let entry = try #require(data.firstRange(of: Data([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6])))
    data[entry.upperBound - 1] = code
    let image = try decode(data, channels: 1)
    #expect(image.width == 8 * columns && image.height == 48 / columns)
    let centres = (0..<6).map { image.pixels[($0 / columns * 8 + 4) * image.width + $0 % columns * 8 + 4] }
    #expect(zip(centres, expected).allSatisfy { abs(Int($0) - $1) <= 1 }, "\(centres)")
  }

  @Test("Files that are cut anywhere are diagnosed", arguments: [webP, bmp24, bmp8, bmp1, tiff, turned])
  func cut(_ text: String) {
    let whole = Self.data(text)
    // The last bytes of some say nothing of the pixels.
    for count in stride(from: 2, to: whole.count - 60, by: 7) {
      do { _ = try decode(whole.prefix(count)) } catch let fault as Diagnostic {
        #expect(fault.id == .unreadableImage, "\(count)")
      } catch {
        Issue.record("\(count): \(error)")
      }
    }
    #expect(throws: Diagnostic.self) { try decode(whole.prefix(whole.count / 2)) }
  }

  @Test("A header that claims more pixels than fit is refused before they are decoded")
  func claims() throws {
    var data = Self.data(Self.bmp24)
    data.replaceSubrange(18..<26, with: [0, 0, 15, 0, 0, 0, 15, 0])
    let fault = #expect(throws: Diagnostic.self) { try decode(data) }
    #expect(fault?.id == .tooLarge)
  }
}
