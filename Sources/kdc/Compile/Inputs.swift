import KDCGraph
import KDCTraining

/// The models and samples of a request, checked to belong together.
struct Inputs: Sendable {
  var student: Graph
  /// The student with the integers of its file, where it is quantised already.
  var studentAsRead: Graph?
  var teacher: Teacher?
  var calibration: DataSet?
  /// What pruning and recovery learn from.
  var training: TrainingSamples?
  /// What models are measured on: the evaluation samples, else the calibration samples.
  var evaluation: DataSet?
  /// Bytes of the student's file.
  var studentBytes: Int
  /// SHA-256 of the models' files.
  var hashes: [String: String]
  /// Where unfinished work is kept; nil where none was asked for.
  var workFolder: WorkFolder?
}

/// The training samples, else the calibration samples, and which of them judge rather than teach.
struct TrainingSamples: Sendable {
  let originals: DataSet
  /// The samples with the further views that were asked for.
  let views: any SampleSource
  /// Those that recovery does not train on: the same ones for the same seed.
  let heldOut: [Int]
  /// Those that decisions about the model may be fitted to.
  let fitted: [Int]
  /// The teacher's outputs for them, where they were given instead of a model.
  let teacherOutputs: TeacherOutputs?

  init(_ originals: DataSet, _ request: CompileRequest, teacherOutputs: TeacherOutputs?) {
    self.originals = originals
    self.teacherOutputs = teacherOutputs
    if originals.count > 1 {
      let order = SampleOrder(
        originals: originals.count, views: 1, heldOutShare: Recovery.Options().heldOutShare, seed: request.seed)
      (heldOut, fitted) = (order.heldOut, order.training)
    } else {
      (heldOut, fitted) = ([], Array(0..<originals.count))
    }
    guard var augmentation = request.compression.augmentation else {
      views = originals
      return
    }
    augmentation.views = 4
    augmentation.seed = request.seed
    // Held-out samples are mixed into no view that is trained on.
    views = AugmentedSamples(originals, augmentation, partners: fitted)
  }
}
