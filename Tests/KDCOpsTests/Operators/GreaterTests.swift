import Testing

@Suite struct GreaterTests {
  private let check = ComparisonCheck(name: "Greater")

  @Test("Greater compares floats and integers with broadcasting")
  func values() throws { try check.values([false, false, true, false, false, true]) }

  @Test("Greater of different data types is KDC2015")
  func types() { check.types() }
}
