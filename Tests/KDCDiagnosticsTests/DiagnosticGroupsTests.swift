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
}
