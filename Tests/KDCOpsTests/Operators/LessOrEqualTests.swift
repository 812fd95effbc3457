import Testing

@Suite struct LessOrEqualTests {
  private let check = ComparisonCheck(name: "LessOrEqual")

  @Test("LessOrEqual compares floats and integers with broadcasting")
  func values() throws { try check.values([true, true, false, true, true, false]) }

  @Test("LessOrEqual of different data types is KDC2015")
  func types() { check.types() }
}
