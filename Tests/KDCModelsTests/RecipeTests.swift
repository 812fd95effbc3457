import KDCDiagnostics
import KDCModels
import Testing

@Suite("Recipes")
struct RecipeTests {
  private static let text = """
    name: tiny
    source: somebody
    variables: {seeds: [0, 1], data: "${recipe}/train.npz", eval: e.npz, epochs: 10}
    smoke: {epochs: 1, seeds: [0]}
    steps:
      - run: new ${recipe}/a.yaml -o a.onnx
      - for: {seed: "${seeds}", T: [1, 4]}
        run: train a.onnx --seed ${seed} --temperature ${T} --epochs ${epochs} -o s${seed}-${T}.onnx
      - for: {seed: "${seeds}"}
        measure: s${seed}-4.onnx
        row: T = 4

    """

  private func recipe(
    _ text: String = text, settings: [String: String] = [:], isSmoke: Bool = false
  ) throws -> Recipe {
    try Recipe(text, path: "recipe.yaml", places: ["recipe": "here"], settings: settings, isSmoke: isSmoke)
  }

  @Test("Loops are unrolled in the order of the file, the last the fastest, and variables filled in")
  func loops() throws {
    let steps = try recipe().steps.map { step -> String in
      switch step.action {
      case .run(let words): words.joined(separator: " ")
      case .measure(let model, let data, let row): "\(model) on \(data): \(row)"
      }
    }
    #expect(
      steps == [
        "new here/a.yaml -o a.onnx", "train a.onnx --seed 0 --temperature 1 --epochs 10 -o s0-1.onnx",
        "train a.onnx --seed 0 --temperature 4 --epochs 10 -o s0-4.onnx",
        "train a.onnx --seed 1 --temperature 1 --epochs 10 -o s1-1.onnx",
        "train a.onnx --seed 1 --temperature 4 --epochs 10 -o s1-4.onnx", "s0-4.onnx on e.npz: T = 4",
        "s1-4.onnx on e.npz: T = 4",
      ])
    let smoke = try recipe(isSmoke: true)
    #expect(smoke.steps.count == 4 && smoke.variables["epochs"] == "1")
    #expect(smoke.files.map(\.path) == ["here/train.npz"])
    let set = try recipe(settings: ["seeds": "3,4,5", "epochs": "7"])
    #expect(set.steps.count == 10 && set.variables["epochs"] == "7")
  }

  @Test("A setting that the recipe has no variable for is a fault")
  func settings() {
    #expect {
      try recipe(settings: ["epoch": "3"])
    } throws: { error in
      "\(error)".contains("did you mean 'epochs'?") && "\(error)".contains("line 3")
    }
  }

  @Test(
    "Faults have line and suggestion",
    arguments: [
      ("steps:\n  - run: new x\n", "needs the key 'name'", "line 1"),
      ("name: a\nstep: 1\nsteps:\n  - run: new x\n", "did you mean 'steps'?", "line 2"),
      ("name: a\nvariables: {epochs: 1}\nsmoke: {epoch: 1}\nsteps:\n  - run: x\n", "did you mean 'epochs'?", "line 3"),
      ("name: a\nvariables: {epochs: 1}\nsteps:\n  - run: train ${epoch}\n", "did you mean '${epochs}'?", "line 4"),
      ("name: a\nsteps:\n  - run: x\n    measure: y\n", "either 'run' or 'measure'", "line 3"),
      ("name: a\nvariables: {eval: e}\nsteps:\n  - measure: y\n", "needs the key 'row'", "line 4"),
      ("name: a\nsteps:\n  - {measure: y, row: z}\n", "no variable 'eval'", "line 3"),
      ("name: a\nsteps:\n  - {run: new x, data: z}\n", "'data' goes with 'measure'", "line 3"),
      ("name: a\nsteps:\n  - runs: y\n", "did you mean 'run'?", "line 3"),
      ("name: a\nsteps:\n  - run: ''\n", "'run' needs a text", "line 3"),
      ("name: a\nsteps: []\n", "'steps' needs a list", "line 2"),
      ("name: a\nsteps:\n  - run: x\n    for: {a: []}\n", "'a' has no values", "line 4"),
      (
        "name: a\nsteps:\n  - run: x\n    for: {"
          + (0..<9).map { "v\($0): [\((0..<9).map { "\($0)" }.joined(separator: ", "))]" }.joined(separator: ", ")
          + "}\n",
        "more than 10000 times", "line 4"
      ),
    ])
  func faults(text: String, message: String, line: String) {
    do {
      _ = try recipe(text)
      Issue.record("'\(text)' is taken")
    } catch let list as DiagnosticList {
      #expect(list.all.allSatisfy { $0.id == .invalidDescription })
      #expect(list.description.contains(message) && list.description.contains(line), "\(list)")
    } catch {
      Issue.record("\(error)")
    }
  }
}
