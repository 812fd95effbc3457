import Testing

@Suite struct GreaterOrEqualTests {
  private let check = ComparisonCheck(name: "GreaterOrEqual")

  @Test("GreaterOrEqual compares floats and integers with broadcasting")
  func values() throws { try check.values([false, true, true, true, false, true]) }

  @Test("GreaterOrEqual of different data types is KDC2015")
  func types() { check.types() }
}
