import KDCDiagnostics
import Testing

@Suite struct DiagnosticGroupsTests {
  @Test("Faults that differ in their places alone are told once, with the number of the others")
  func groups() {
    let many = (1...20).map { Diagnostic(.imageSizeMismatch, "the image is 4x4", at: Place(file: "\($0).png")) }
    let other = Diagnostic(.imageSizeMismatch, "the image is 5x5", at: Place(file: "a.png"))
    let list = DiagnosticList([other] + many)
    #expect(list.grouped.count == 2)
    #expect(list.grouped[0] == other)
    #expect(list.description.contains("  --> 1.png\n  note: and 19 more like it: 2.png; 3.png; 4.png; …"))
    #expect(list.all.count == 21)
  }

  @Test("Within one file the details tell them apart")
  func details() {
    let faults = ["w", "b"].map { Diagnostic(.externalData, "no file", at: Place(file: "m.onnx", detail: $0)) }
    #expect(DiagnosticList(faults).description.hasSuffix("--> m.onnx: w\n  note: and 1 more like it: b"))
  }

  private func fault(_ name: String, _ op: String, _ message: String) -> Diagnostic {
    let detail = "node '\(name)' (\(op), opset 17), output '\(name)_out'"
    return Diagnostic(.cannotLower, message, at: Place(file: "m.onnx", detail: detail))
  }

  @Test("Nodes with one cause are told once, by their operator, whatever their names and shapes")
  func nodes() {
    let faults = (1...12).map { fault("n\($0)", "GatherND", "output 'n\($0)_out' of 'GatherND' has shape [\($0), 4]") }
    let others = [fault("m", "Resize", "'Resize' with mode \"a\""), fault("k", "Resize", "'Resize' with mode \"b\"")]
    let list = DiagnosticList(faults + others)
    #expect(list.grouped.count == 3)
    #expect(list.grouped[0].notes == ["GatherND: 12 nodes, the first at 'n1'; also 'n2', 'n3', 'n4', …"])
    #expect(list.grouped[0].message == faults[0].message && list.grouped[1].notes.isEmpty)
  }

  @Test("Another operator, another attribute, another limit is another cause")
  func causes() {
    let list = DiagnosticList([
      fault("a", "Add", "attribute 'axis' is 3"), fault("b", "Add", "attribute 'axes' is 3"),
      fault("c", "Sub", "attribute 'axis' is 3"), fault("d", "Add", "attribute 'axis' is 4"),
    ])
    #expect(list.grouped == list.all)
  }
}
