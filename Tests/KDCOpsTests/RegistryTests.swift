import Foundation
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct RegistryTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test("The list of operators is in alphabetical order and has no duplicates")
  func sorted() {
    let names = Operators.all.map { $0.onnxName }
    #expect(names == names.sorted())
    #expect(Set(Operators.all.map { $0.domain + ":" + $0.onnxName }).count == names.count)
  }

  @Test("Every operator has a file or a folder of its name and a test file of its name, and no file is left over")
  func filesMatchList() throws {
    let names = Set(Operators.all.map { String(describing: $0) })
    let sources = try files("/Sources/KDCOps/Operators")
    // A folder holds the operator's file, and what that became too long for.
    let folders = sources.filter { !$0.hasSuffix(".swift") }
    for folder in folders {
      #expect(try files("/Sources/KDCOps/Operators/" + folder).contains(folder + ".swift"), "\(folder)/\(folder).swift")
    }
    #expect(Set(sources.map { $0.replacing(".swift", with: "") }) == names)
    let tests = Set(try files("/Tests/KDCOpsTests/Operators"))
    #expect(tests == Set(names.map { $0 + "Tests.swift" }))
  }

  private func files(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Self.root.path + folder)
  }

  @Test(
    "Operators that say nothing of their channels, and are no compositions, and so are left whole by pruning, are these"
  )
  func pinned() {
    let pinned = Operators.all.filter { !($0 is any ChannelPassing.Type) && !($0 is any Expanding.Type) }
      .map { $0.onnxName }
    #expect(
      pinned == [
        "Constant", "ConstantOfShape", "CumProd", "CumSum", "Det", "EyeLike",
        "GatherElements", "GatherND", "Gemm", "GridSample", "NonMaxSuppression",
        "NonZero", "OneHot", "Range", "RoiAlign", "Scatter", "ScatterElements", "ScatterND",
        "Shape", "Size", "TopK", "Trilu", "Unique",
      ])
  }

  @Test("An unknown operator is KDC2010, naming operator, domain and node, with the nearest name")
  func unknown() {
    let fault = OperatorCase("SoftMaxx", opset: 13).fault([])
    #expect(fault?.id == .unsupportedOperator)
    #expect(fault?.message == "operator 'SoftMaxx' of domain 'ai.onnx' is not supported")
    #expect(fault?.place?.detail == "node 'n' (SoftMaxx, opset 13)")
    #expect(fault?.hint == "did you mean 'Softmax'?")
    #expect(OperatorCase("Softmax", domain: "org.example").fault([])?.hint?.contains("ai.onnx") == true)
  }

  @Test(
    "Operators that ONNX has and kdc has not, and those of other domains, are no spelling mistakes",
    arguments: [
      ("Bernoulli", ""), ("SequenceAt", ""), ("TfIdfVectorizer", ""), ("ImageDecoder", ""), ("silu", "local"),
      ("Softmaxx", "local"),
    ])
  func notMisspelled(name: String, domain: String) {
    let fault = OperatorCase(name, domain: domain).fault([])
    #expect(fault?.id == .unsupportedOperator)
    #expect(fault?.hint?.contains("did you mean") == false)
  }

  @Test("An attribute of the wrong type is KDC2011, naming attribute and node")
  func wrongAttributeType() {
    let fault = OperatorCase("Softmax", ["axis": .string("1")]).fault([])
    #expect(fault?.id == .invalidAttribute)
    #expect(fault?.message == "attribute 'axis' of 'Softmax' is a string, must be an integer")
    #expect(fault?.place?.detail == "node 'n' (Softmax, opset 17)")
  }

  @Test("Compositions without inputs, or with too few, are refused")
  func missingOperands() {
    for type in Operators.all.filter({ $0 is any Expanding.Type && $0.inputCount.lowerBound > 0 }) {
      for count in 0..<type.inputCount.lowerBound {
        let given = [Tensor?](repeating: Tensor([1, 2, 2], [1, 2, 3, 4] as [Float]), count: count)
        #expect(
          OperatorCase(type.onnxName, domain: type.domain).fault(given) != nil, "\(type.onnxName), \(count) inputs")
      }
    }
  }

  @Test("A missing required input is KDC2012")
  func missingInput() {
    #expect(OperatorCase("Softmax").fault([])?.id == .missingInput)
    #expect(OperatorCase("Softmax").fault([nil])?.id == .missingInput)
  }

  @Test("An input of a type the operator does not take is KDC2015")
  func wrongInputType() {
    #expect(OperatorCase("Softmax").fault([Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
  }
}
