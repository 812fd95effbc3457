import ArgumentParser
import KDCTraining

/// What the student learns from.
struct TeacherOptions: ParsableArguments {
  @Option(help: "The model that the student learned from, an ONNX file. May be repeated; the answers are averaged.")
  var teacher: [String] = []

  @Option(
    name: .customLong("teacher-logits"),
    help: ArgumentHelp(
      "The teacher's outputs for the --train samples (npz) in place of a model; may be repeated for shards.",
      valueName: "file"))
  var teacherLogits: [String] = []

  @OptionGroup var fit: TeacherFitOptions

  func validate() throws {
    if !teacher.isEmpty && !teacherLogits.isEmpty {
      throw ValidationError("--teacher and --teacher-logits exclude each other")
    }
    if !fit.preprocess.isEmpty && teacher.isEmpty { throw ValidationError("--teacher-preprocess needs --teacher") }
    if !fit.matches.isEmpty && teacher.isEmpty && teacherLogits.isEmpty {
      throw ValidationError("--match needs --teacher or --teacher-logits")
    }
  }
}

/// How a teacher's inputs and outputs go with the student's.
struct TeacherFitOptions: ParsableArguments {
  @Option(
    name: .customLong("teacher-preprocess"),
    help: ArgumentHelp(
      "How the teacher's inputs differ: [input:]resize=48x48,scale=255,mean=0.5,std=0.5.", valueName: "steps"))
  var preprocess: [String] = []

  @Option(
    name: .customLong("match"),
    help: ArgumentHelp(
      "Which teacher output corresponds to which student output; may be repeated.", valueName: "teacher=student"))
  var matches: [String] = []

  func validate() throws {
    _ = try matchedOutputs
    _ = try steps
  }

  /// The teacher's output by the student's.
  var matchedOutputs: [String: String] {
    get throws {
      var result: [String: String] = [:]
      for match in matches {
        let parts = match.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
          throw ValidationError("write --match as teacher_output=student_output, not '\(match)'")
        }
        guard result.updateValue(parts[0], forKey: parts[1]) == nil else {
          throw ValidationError("--match names the student's output '\(parts[1])' twice")
        }
      }
      return result
    }
  }

  var steps: [TeacherPreprocessing] { get throws { try preprocess.map(TeacherPreprocessing.init(parsing:)) } }
}
