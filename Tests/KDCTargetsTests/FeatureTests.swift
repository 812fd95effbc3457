import Foundation
import KDCTargets
import Testing

@Suite struct FeatureTests {
  @Test("The runtime's header has each feature's bit, the stronger one higher, and its place in AT_HWCAP")
  func header() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let header = try String(
      contentsOf: root.appendingPathComponent("Sources/CKDCRuntime/include/kdc_model.h"), encoding: .utf8)
    var last: [Target.Architecture: Int] = [:]
    for feature in Feature.all {
      guard let bit = feature.bit else { continue }
      let value = header.firstRange(of: bit + " = ").flatMap { Int(header[$0.upperBound...].prefix { $0.isNumber }) }
      let place = try #require(value, "\(bit) is missing")
      #expect(place.nonzeroBitCount == 1 && place > last[feature.architecture] ?? 0, "\(bit) is not stronger")
      last[feature.architecture] = place
      if let hwcap = feature.hwcap { #expect(header.contains("each(\(bit), \(hwcap))")) }
    }
    #expect(header.components(separatedBy: "KDC_NEEDS_AVX2 =").count == 2)
  }

  @Test("Features of built-in targets are of their architecture, in the order that finds the strongest last")
  func targets() throws {
    for target in try Targets.builtIn().all {
      #expect(target.instructionSets.count == target.features.count)
      #expect(target.instructionSets.allSatisfy { $0.architecture == target.architecture })
    }
    #expect(try Targets.builtIn().find("pi5").has(.dotprod))
  }

  @Test("Kernels are chosen for a target's own memory unless it says for which")
  func caches() throws {
    let targets = try Targets.builtIn()
    let (pi, jetson) = (try targets.find("pi4b"), try targets.find("jetson-nano"))
    #expect(pi.chosenFor == nil && pi.caches == jetson.caches && jetson.ownCaches != jetson.caches)
    #expect(pi.caches.streamingCycles(1_048_576) == 0)
    #expect(abs(pi.caches.streamingCycles(2_800_000) - 1e6) < 1e-6)
  }
}
