import Testing

@Suite struct EqualTests {
  private let check = ComparisonCheck(name: "Equal")

  @Test("Equal compares floats and integers with broadcasting")
  func values() throws { try check.values([false, true, false, true, false, false]) }

  @Test("Equal of different data types is KDC2015")
  func types() { check.types(takesBool: true) }
}
