import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCTargets

/// `kdc compile`: a student (and its teacher) to a bundle.
struct Compile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile a trained model into one bundle of device code.",
    discussion: """
      Makes the student smaller under its teacher's guidance (--prune, --recover, or a budget), quantises it with a few \
      hundred unlabelled samples, generates code for each target and writes one file that runs by itself and loads into \
      applications. The report compares the result of each stage with the teacher and with the student.

      EXAMPLES
        kdc compile student.onnx --teacher teacher.onnx --data calib.npz \\
            --eval eval.npz --target pi4b -o model.kdb
        kdc compile student.onnx --data calib.npz --target pi4b \\
            --target jetson-nano --target host -o model.kdb
        kdc compile student.onnx --teacher teacher.onnx --data calib.npz \\
            --train train.npz --prune 0.5 --target pi4b -o small.kdb
        kdc compile student.onnx --teacher teacher.onnx --data calib.npz \\
            --train train.npz --max-size 40KB --max-latency 2ms \\
            --target pi4b -o model.kdb
        kdc compile student.onnx --data photos/ --image-size 96x96 \\
            --target pi4b -o model.kdb
        kdc compile student.onnx --target host -o model.kdb
        kdc compile detector.onnx --input-shape image:1x3x320x320 \\
            --data calib.npz --target pi4b -o model.kdb

      Samples are npz files with one array [n, …] for each model input, under the input's name; `label` or \
      `label:<output>` hold labels. A folder of pictures, of recordings or of CSV files, whose sub-folders are classes, or a \
      CSV file with a row for each sample works as well. Targets of one architecture share one file; if the targets span \
      architectures, -o model.kdb writes model.aarch64.kdb and model.x86_64.kdb.

      Exit codes: 0 done, 1 the input is at fault, 2 usage, 3 the budget cannot be met (points that can be are printed), or --max-loss cannot be kept.
      """)

  @Argument(help: "The model to compile, an ONNX file.")
  var student: String

  @OptionGroup(title: "The teacher") var teacher: TeacherOptions

  @Option(help: "Calibration samples. Without them the model stays float, unless it is quantised already.")
  var data: String?

  @Option(name: .customLong("data-samples"), help: "Choose ranges from only the first N samples of --data.")
  var dataSamples: Int?

  @Option(help: "Samples to measure on, with labels if there are any. Default: the calibration samples.")
  var eval: String?

  @Option(name: .customLong("target"), help: "Device to compile for; may be repeated. `kdc targets` lists them.")
  var targets: [String]

  @OptionGroup var destination: OutputOptions

  @Option(help: "int8, or float to skip quantisation.")
  var activations: CompileRequest.Activations = .int8

  @Option(help: "Weights: int8, int4, or auto for 4 bits in those layers where they hardly change the outputs.")
  var weights: CompileRequest.Weights = .int8

  @Option(
    help:
      "exact: 8-bit layers only. fast: 7 bits wherever a kernel is faster with them. auto: 7 bits only where the outputs hardly change on held-out samples."
  )
  var arithmetic: CompileRequest.Arithmetic = .auto

  @Option(
    name: .customLong("max-loss"),
    help: ArgumentHelp(
      "How far int8 may take any output from the float model's: layers compute in float until it is within. auto: 1 % (20 dB, cosine 0.995), with a warning where that fails. 0.1%: a limit; exit code 3 where it fails. none: whatever int8 gives.",
      valueName: "loss"))
  var maxLoss: LossLimit = .auto

  @OptionGroup var inputs: InputOptions

  @Option(help: "Write the report as JSON to this file; - prints it alone.")
  var json: String?

  @Option(
    help: ArgumentHelp(
      """
      Also write the generated sources (c), laid out by clang-format where it is installed, or the compiled model for \
      other tools, with QuantizeLinear and DequantizeLinear around its int8 values (onnx); several with commas.
      """,
      valueName: "c,onnx"))
  var emit: EmittedForms?

  @Option(
    name: .customLong("emit-dir"),
    help: ArgumentHelp(
      "Folder for what --emit writes. Default: next to the bundle, model-c or model-onnx for model.kdb.",
      valueName: "folder"
    )
  )
  var emitFolder: String?

  @OptionGroup(title: "Smaller models") var compression: CompressionOptions

  @OptionGroup(title: "Budgets") var budget: BudgetOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  @Option(help: "Seed of everything random: the order of training samples, golden vectors.")
  var seed: UInt64 = 0

  @OptionGroup var machine: ThreadOptions

  @Option(help: "Folder that holds clang and ld.lld.")
  var toolchain: String?

  @Flag(name: .customLong("check-simulation"), help: .hidden)
  var checksSimulation = false

  @Flag(help: "Print no progress.")
  var quiet = false

  @Flag(help: "Print what every stage did in detail.")
  var verbose = false

  /// "c,onnx".
  struct EmittedForms: ExpressibleByArgument {
    var forms: [CompileRequest.Emitted]

    init?(argument: String) {
      let found = argument.split(separator: ",").map { CompileRequest.Emitted(rawValue: String($0)) }
      forms = found.compactMap { $0 }
      guard !forms.isEmpty, forms.count == found.count else { return nil }
    }

    static var allValueStrings: [String] { CompileRequest.Emitted.allCases.map(\.rawValue) }
  }

  func validate() throws {
    guard !targets.isEmpty else { throw ValidationError("--target is missing; `kdc targets` lists the devices") }
    if emit != nil && emitFolder == nil && OutputPlace.isStandardOutput(destination.file) {
      throw ValidationError("--emit needs --emit-dir where the bundle goes to standard output")
    }
    let hasSamples = data != nil || compression.train != nil
    let budget = budget.budget
    let wanted = compression.request(hasBudget: !budget.isEmpty)
    if wanted.changesModel && !hasSamples {
      throw ValidationError("making the model smaller needs samples: give --train or --data")
    }
    if let dataSamples, dataSamples < 1 { throw ValidationError("--data-samples must be at least 1") }
    if dataSamples != nil && data == nil { throw ValidationError("--data-samples needs --data") }
    if !budget.isEmpty && data == nil { throw ValidationError("a budget needs calibration samples: give --data") }
    if !teacher.teacherLogits.isEmpty && !hasSamples {
      throw ValidationError("--teacher-logits belong to the samples of --train or --data")
    }
    if !teacher.teacherLogits.isEmpty && compression.augment != nil {
      throw ValidationError("--augment shows the teacher other samples than --teacher-logits answer: give --teacher")
    }
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  private var sourceFolder: String? {
    let path = destination.file
    let stem = path.hasSuffix(".kdb") ? String(path.dropLast(4)) : path
    return emitFolder ?? emit?.forms.first.map { "\(stem)-\($0.rawValue)" }
  }

  mutating func run() async throws {
    let budget = budget.budget
    let request = CompileRequest(
      student: student,
      teacher: TeacherRequest(
        models: teacher.teacher, outputs: teacher.teacherLogits, matches: try teacher.fit.matchedOutputs,
        preprocessing: try teacher.fit.steps),
      data: data, dataSamples: dataSamples, train: compression.train, trainSamples: compression.trainSamples,
      evaluation: eval,
      images: images.images, targets: try Targets.builtIn().compiled(for: targets),
      targetFiles: Targets.files(of: targets), output: destination.file, outputKinds: destination.kinds, json: json,
      activations: activations, weights: weights, arithmetic: arithmetic,
      maxLoss: maxLoss,
      compression: compression.request(hasBudget: !budget.isEmpty), budget: budget,
      inputs: try inputs.settings, emitFolder: sourceFolder, emitted: emit?.forms ?? [.c],
      workFolder: compression.workFolder, toolchain: toolchain, seed: seed,
      threads: try machine.threads, checksSimulation: checksSimulation)
    let progress = Progress(quiet ? .quiet : verbose ? .verbose : .normal)
    let report: Report
    do {
      report = try Pipeline.run(request, progress: progress)
    } catch let failure as BudgetFailure {
      if let json { try Console.json(failure.figures, to: json) }
      let command = BudgetFailure.withoutBudget(Array(CommandLine.arguments.dropFirst()))
      throw CommandFailure(status: .budgetNotMet, message: failure.message(command: ["kdc"] + command))
    }
    if let json { try Console.json(report, to: json) }
    if json != "-" && !OutputPlace.isStandardOutput(destination.file) {
      Console.result(ReportTable(report: report).text)
    }
    if data == nil && activations == .int8 && report.quantization == nil && !quiet {
      Console.note("note: without --data the model stays float, which is larger and slower than int8")
    }
  }
}

extension CompileRequest.Activations: ExpressibleByArgument {}
extension CompileRequest.Weights: ExpressibleByArgument {}
extension CompileRequest.Arithmetic: ExpressibleByArgument {}
