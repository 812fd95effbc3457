import KDCCompression
import KDCGraph
import KDCTensor
import KDCTraining
import Testing

@Suite("Loss of an output")
struct OutputLossTests {
  private static func head(_ count: Int, _ kind: OutputKind? = nil) -> Head {
    Head(name: "y", shape: [1, count], labels: nil, output: kind)
  }

  @Test("Of values the worst sample's cosine counts where noise over all samples is small")
  func worstSample() {
    let wanted: [[Float]] = (0..<10).map { (index: Int) -> [Float] in
      let rising = Float(index * 10)
      return [rising + 1, 90 - rising, 5]
    }
    var values = wanted
    // Small values of one sample are spoilt: hardly any noise, but another direction.
    let small: [[Float]] = [[0.1, 0, 0]]
    let loss = OutputLoss(Self.head(3), values + [[0.1, 0.02, 0]], wanted: wanted + small)
    #expect(loss.noise < 1e-5)
    #expect(abs((loss.lowestCosine ?? 0) - 0.98058) < 1e-4)
    #expect(abs(loss.loss - 2 * (1 - 0.98058)) < 1e-3)
    values[0][0] = .nan
    #expect(OutputLoss(Self.head(3), values, wanted: wanted).loss == .infinity)
  }

  @Test("Of scores, equal answers or a small divergence are enough; of probabilities, their values count too")
  func scores() {
    let wanted: [[Float]] = (0..<40).map { [Float($0 % 4) * 3, 4, 1] }
    let values = wanted.map { $0.map { $0 * 1.4 } }
    #expect(OutputLoss(Self.head(3, .logits), values, wanted: wanted).loss == 0)
    #expect(OutputLoss(Self.head(3), values, wanted: wanted).loss > 0.1)
    let probabilities: [[Float]] = (0..<40).map { _ in [0.6, 0.3, 0.1] }
    let other: [[Float]] = (0..<40).map { _ in [0.9, 0.05, 0.05] }
    #expect(OutputLoss(Self.head(3, .probabilities), other, wanted: probabilities).loss > 0.1)
  }

  @Test("A single number has no cosine")
  func number() {
    let wanted: [[Float]] = (0..<20).map { [Float($0) - 9.5] }
    let loss = OutputLoss(Self.head(1), wanted.map { [$0[0] + 0.1] }, wanted: wanted)
    #expect(loss.lowestCosine == nil && loss.loss < 0.001)
  }
}
