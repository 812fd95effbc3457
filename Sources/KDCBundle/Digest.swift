import CZlib
/// Content digests for manifests and reports.
package struct Digest {
  private var crc: UInt = 0
  package init() {}
  package mutating func update(_ bytes: [UInt8]) { crc = crc32_z(crc, bytes, bytes.count) }
  package func hexadecimal() -> String { String(crc, radix: 16) }
  package static func hexadecimal(of bytes: [UInt8]) -> String {
    var digest = Digest()
    digest.update(bytes)
    return digest.hexadecimal()
  }
}
