import Testing

@Suite struct LessTests {
  private let check = ComparisonCheck(name: "Less")

  @Test("Less compares floats and integers with broadcasting")
  func values() throws { try check.values([true, false, false, false, true, false]) }

  @Test("Less of different data types is KDC2015")
  func types() { check.types() }
}
