import KDCKernels
import Testing

@Suite struct CHelpersTests {
  @Test("A helper is defined once, after those that it uses")
  func order() {
    var seen: Set<String> = []
    for helper in CHelpers.all {
      #expect(seen.insert(helper.name).inserted, "\(helper.name) stands twice")
      for name in helper.uses {
        #expect(seen.contains(name), "\(helper.name) uses \(name), which comes later or is missing")
      }
    }
  }
}
