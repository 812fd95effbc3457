import KDCGraph
import Testing

@Suite struct OperatorSetsTests {
  @Test("An operator's versions are those that a supported model may mean")
  func versions() {
    #expect(OperatorSets.supported == 7...26)
    #expect(OperatorSets.versions(of: "Conv") == [1, 11, 22])
    #expect(OperatorSets.versions(of: "Reshape") == [5, 13, 14, 19, 21, 23, 24, 25])
    #expect(OperatorSets.versions(of: "Add") == [7, 13, 14])
    #expect(OperatorSets.versions(of: "CumProd") == [26])
    #expect(OperatorSets.versions(of: "Convolution") == [])
  }

  @Test("Operators that ONNX has given up are known by name")
  func names() {
    #expect(OperatorSets.names.isSuperset(of: ["Upsample", "Scatter", "Attention", "Loop"]))
    #expect(!OperatorSets.names.contains("Softmaxx"))
  }
}
