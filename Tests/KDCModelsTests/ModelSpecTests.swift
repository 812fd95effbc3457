import KDCDiagnostics
import KDCGraph
import KDCModels
import KDCOps
import KDCTensor
import KDCTraining
import Testing

@Suite("Model descriptions")
struct ModelSpecTests {
  private static let image = "input: {name: image, shape: [1, 28, 28]}\noutputs: {logits: 10}\n"

  static let models: [(name: String, text: String, weights: Int)] = [
    ("conv-tiny", "family: conv-tiny\n" + image, 61_146),
    ("resnet", "family: resnet\nwidths: [24, 48, 80]\nblocks: [1, 2, 2]\n" + image, 297_746),
    ("mobilenetv2", "family: mobilenetv2\n" + image, 87_594),
    ("resnet-v2", "family: resnet-v2\nwidths: [8, 16]\nblocks: [1, 1]\nbottleneck: true\n" + image, 8_066),
    ("conv-very-tiny", "family: conv-very-tiny\n" + image, 7_954),
    (
      "flat conv",
      "family: conv\nwidths: [32, 64]\nstrides: [1, 2]\nflat: true\n"
        + "input: {name: image, shape: [1, 28, 28]}\noutputs: {logits: {size: 10, hidden: 128}}\n", 1_625_962
    ),
    ("mlp", "family: mlp\nwidths: [32, 16]\n" + image, 25_818),
    (
      "gru", "family: gru\nwidths: [16]\ninput: {name: signal, shape: [64, 6]}\noutputs: {logits: 7}\n",
      1_271
    ),
    ("two grus", "family: gru\nwidths: [8, 4]\ninput: {name: signal, shape: [9, 3]}\noutputs: {y: 2}\n", 490),
  ]

  /// Without stored statistics.
  private func parameters(_ graph: Graph) -> Int {
    graph.trainableParameters.reduce(0) { $0 + (graph.initializers[$1]?.count ?? 0) }
  }

  @Test("Each family gives the network it is known for, runnable for several samples", arguments: models.map(\.name))
  func families(name: String) throws {
    let model = try #require(Self.models.first { $0.name == name })
    let graph = try ModelSpec(model.text, path: "model.yaml").graph()
    #expect(graph.verify().isEmpty)
    #expect(parameters(graph) == model.weights)
    #expect(graph.batched(4) != nil)
    let input = graph.inputs[0]
    let x = Tensor(input.type.shape, (0..<input.type.shape.count).map { Float($0 % 7) / 7 })
    let outputs = try GraphEvaluator(graph).run(inputs: [input.name: x])
    #expect(outputs.values.allSatisfy { $0.asFloats.allSatisfy(\.isFinite) })
    let same = try ModelSpec(model.text, path: "model.yaml").graph()
    #expect(same.initializers.mapValues(\.littleEndianBytes) == graph.initializers.mapValues(\.littleEndianBytes))
    let other = try ModelSpec(model.text + "seed: 1\n", path: "model.yaml").graph()
    #expect(other.initializers.mapValues(\.littleEndianBytes) != graph.initializers.mapValues(\.littleEndianBytes))
  }

  @Test("ResNet-18 and ResNet-50 for images of 224 pixels have their published numbers of weights")
  func published() throws {
    let inputs = "input: {name: image, shape: [3, 224, 224]}\noutputs: {logits: 1000}\nstem: 7\n"
    #expect(try parameters(ModelSpec("family: resnet\n" + inputs, path: "m").graph()) == 11_689_512)
    let deep = "family: resnet\nblocks: [3, 4, 6, 3]\nbottleneck: true\n"
    #expect(try parameters(ModelSpec(deep + inputs, path: "m").graph()) == 25_557_032)
  }

  @Test("Branches are joined as maps or as vectors, with heads of several kinds")
  func multiModal() throws {
    let heads = "outputs: {box: {size: 4, activation: sigmoid}, emotion: 7, present: {size: 1, hidden: 8}}\n"
    let maps = """
      family: multi-modal
      branches:
        - {input: {name: image, shape: [1, 16, 16]}, family: conv, widths: [4, 8], strides: [2, 2]}
        - {input: {name: frames, shape: [4, 8, 8]}, family: conv, widths: [6], strides: [2]}
      join: {width: 10, squeeze: 3, hidden: 5}

      """ + heads
    let graph = try ModelSpec(maps, path: "m.yaml").graph()
    #expect(graph.outputs == ["box", "emotion", "present"])
    #expect(graph.types["box"]?.shape == [1, 4] && graph.types["present"]?.shape == [1, 1])
    #expect(graph.inputs.map(\.name) == ["image", "frames"] && graph.batched(3) != nil)
    let mixed = """
      family: multi-modal
      branches:
        - {input: {name: image, shape: [1, 16, 16]}, family: conv-very-tiny}
        - {input: {name: signal, shape: [5, 3]}, family: gru, widths: [4]}

      """ + heads
    #expect(try ModelSpec(mixed, path: "m.yaml").graph().batched(3) != nil)
  }

  @Test("Fresh weights have the spread of their rule, and heads that of Glorot's")
  func initialization() throws {
    let text = "family: mlp\nwidths: [400]\ninput: {name: x, shape: [200]}\noutputs: {y: 100}\n"
    func spread(_ text: String, _ rows: Int) throws -> Double {
      let graph = try ModelSpec(text, path: "m").graph()
      let weights = try #require(graph.initializers.values.first { $0.shape.rank == 2 && $0.shape[0] == rows }).asFloats
      return (weights.reduce(0.0) { $0 + Double($1 * $1) } / Double(weights.count)).squareRoot()
    }
    #expect(abs(try spread(text, 400) / (2.0 / 200).squareRoot() - 1) < 0.02)
    #expect(abs(try spread(text + "init: glorot\n", 400) / (2.0 / 600).squareRoot() - 1) < 0.02)
    #expect(abs(try spread(text, 100) / (2.0 / 500).squareRoot() - 1) < 0.02)
  }

  @Test(
    "Sizes that no memory holds, and names that are taken, are refused before anything is made",
    arguments: [
      ("family: mlp\nwidths: [65536]\ninput: {shape: [65536, 65536, 65536]}\noutputs: {y: 2}\n", "weights"),
      ("family: mlp\nwidths: [65536, 65536]\ninput: {shape: [65536]}\noutputs: {y: 2}\n", "weights"),
      ("family: conv\nwidths: [65536]\nflat: true\ninput: {shape: [1, 8192, 8192]}\noutputs: {y: 1000}\n", "weights"),
      ("family: gru\nwidths: [65536]\ninput: {shape: [9, 65536]}\noutputs: {y: 2}\n", "weights"),
      ("family: mobilenetv2\nblocks: [[65536, 65536, 1, 1]]\n" + image, "weights"),
      ("family: conv-tiny\ninput: {name: y, shape: [1, 8, 8]}\noutputs: {y: 2}\n", "'y' is taken twice"),
      ("family: conv-tiny\ninput: {shape: [1, 8, 8]}\noutputs: {conv1_y: 2}\n", "'conv1_y' is taken twice"),
      ("family: mlp\ninput: {name: fc1.weight, shape: [8]}\noutputs: {y: 2}\n", "'fc1.weight' is taken twice"),
    ])
  func refused(text: String, message: String) throws {
    let spec = try ModelSpec(text, path: "model.yaml")
    do {
      _ = try spec.graph()
      Issue.record("'\(text)' is taken")
    } catch let fault as Diagnostic {
      #expect(fault.id == .invalidDescription && fault.place?.file == "model.yaml" && fault.hint != nil)
      #expect(fault.message.contains(message), "\(fault)")
    }
  }

  @Test(
    "Faults are listed with line and suggestion",
    arguments: [
      ("family: resnt\n" + image, "line 1", "did you mean 'resnet'?"),
      ("family: resnet\nwidth: [3]\n" + image, "line 2", "did you mean 'widths'?"),
      ("family: resnet\nwidths: [3, 0]\n" + image, "line 2", "whole number from 1"),
      ("family: resnet\nblocks: [3]\n" + image, "line 2", "one number for each"),
      ("family: gru\n" + image, "line 2", "takes sequences"),
      ("family: conv\nwidths: [4, 4]\nstrides: [1]\n" + image, "line 3", "one number for each"),
      ("family: conv-tiny\noutputs: {logits: 10}\n", "line 1", "needs the key 'input'"),
      ("family: mlp\ninput: {name: x, shape: [4]}\n", "line 1", "needs the key 'outputs'"),
      ("family: mlp\ninput: {name: x, shape: [4], size: 3}\noutputs: {y: {sise: 3}}\n", "line 3", "'size'"),
      ("family: mlp\nfamily: gru\n" + image, "line 1", "'family' is given twice"),
      ("family: multi-modal\noutputs: {y: 3}\n", "line 1", "needs the key 'branches'"),
      ("family: [\n", "line 2", "not valid YAML"),
      ("just text", "line 1", "a mapping of keys"),
      ("a: &a [*a]\n" + image, "line 1", "not valid YAML"),
      ("family: conv-tiny\ninput: {name: null, shape: [1, 8, 8]}\noutputs: {y: 2}\n", "line 2", "'name' needs a text"),
      ("family: conv-tiny\ninput: {name: x, shape: [1, 8, 8]}\noutputs: {\"\": 2}\n", "line 3", "is empty"),
      ("family: mlp\ninput: {shape: [4]}\noutputs: {}\n", "line 3", "names no output"),
      ("family: resnet\nwidths: [8, 8, 8, 8]\nblocks: [256, 256, 256, 256]\n" + image, "line 3", "at most 1000"),
      ("family: mobilenetv2\nblocks: [[1, 8, 65536, 1]]\n" + image, "line 2", "at most 1000"),
    ])
  func faults(text: String, line: String, message: String) {
    do {
      _ = try ModelSpec(text, path: "model.yaml")
      Issue.record("'\(text)' is taken")
    } catch let list as DiagnosticList {
      #expect(list.all.allSatisfy { $0.id == .invalidDescription && $0.place?.file == "model.yaml" })
      #expect(list.description.contains(message) && list.description.contains(line), "\(list)")
    } catch {
      Issue.record("\(error)")
    }
  }
}
