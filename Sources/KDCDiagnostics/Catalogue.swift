/// A stable diagnostic number with its one-line meaning. Numbers are never reused.
///
/// 1xxx command line, files and data · 2xxx ONNX import and operators · 3xxx passes and quantisation ·
/// 4xxx lowering, kernels and code generation · 5xxx toolchain · 6xxx bundle and runtime.
package struct DiagnosticID: Hashable, Sendable, CustomStringConvertible {
  package let number: Int
  package let title: String
  package var description: String { "KDC\(number)" }
}

extension DiagnosticID {
  // MARK: 1xxx command line, files and data
  package static let fileNotFound = DiagnosticID(number: 1001, title: "a file does not exist or cannot be read")
  package static let outputNotWritable = DiagnosticID(number: 1002, title: "an output file cannot be written")
  package static let unreadableData = DiagnosticID(number: 1010, title: "a data file is not npz or npy, or is damaged")
  package static let missingData = DiagnosticID(number: 1011, title: "a data file has no array for a model input")
  package static let wrongDataShape = DiagnosticID(number: 1012, title: "an array's shape does not fit the model input")
  package static let nonFiniteData = DiagnosticID(number: 1013, title: "data holds NaN or infinity")
  package static let noSamples = DiagnosticID(number: 1014, title: "a data file holds no samples")
  package static let differentSampleCounts = DiagnosticID(
    number: 1015, title: "arrays of one data file have different numbers of samples")
  package static let unknownLabel = DiagnosticID(
    number: 1016, title: "labels for an output that the model does not have")
  package static let unreadableImage = DiagnosticID(number: 1018, title: "an image cannot be decoded")
  package static let imageSizeMismatch = DiagnosticID(
    number: 1019, title: "images do not have the size of the model's input")

  package static let invalidInputShape = DiagnosticID(
    number: 1003, title: "an --input-shape is malformed or does not fit the model")
  package static let invalidInputValue = DiagnosticID(
    number: 1004, title: "a --set is malformed or does not fit the model")
  package static let teacherMismatch = DiagnosticID(
    number: 1020, title: "teacher and student do not take the same inputs or give the same outputs")
  package static let unsuitableInput = DiagnosticID(
    number: 1021, title: "samples of this kind cannot fill the model's inputs")
  package static let invalidTable = DiagnosticID(
    number: 1022, title: "a CSV file is ragged or has a cell that is not a number")
  package static let mixedFolder = DiagnosticID(number: 1023, title: "a folder of samples is ambiguous")
  package static let teacherOutputsMismatch = DiagnosticID(
    number: 1024, title: "precomputed teacher outputs do not fit the model or the samples")
  package static let missingLabels = DiagnosticID(number: 1025, title: "labels are needed and the data has none")
  package static let unknownLayer = DiagnosticID(number: 1026, title: "a layer that the model does not have")
  package static let unreadableVideo = DiagnosticID(number: 1027, title: "a video cannot be read")
  package static let outputIsInput = DiagnosticID(number: 1028, title: "an output would overwrite what is read")
  package static let outputsCollide = DiagnosticID(number: 1029, title: "two outputs name the same file")
  package static let outputOutsideFolder = DiagnosticID(
    number: 1030, title: "a recipe's step would write outside the recipe's output folder")
  package static let numbersDoNotFit = DiagnosticID(
    number: 1031, title: "samples have numbers that the input's type cannot hold")
  package static let skippedPictures = DiagnosticID(
    number: 1032, title: "images in a folder have a format that kdc does not read")
  package static let optionWithoutEffect = DiagnosticID(
    number: 1033, title: "an option has no effect on samples of this kind")
  package static let systemLimit = DiagnosticID(
    number: 1034, title: "the system refuses the threads or the memory that kdc needs")
  package static let tooLarge = DiagnosticID(number: 1035, title: "a file would unpack to more than fits in memory")
  package static let unknownTarget = DiagnosticID(number: 1041, title: "no target has this name")
  package static let invalidTarget = DiagnosticID(number: 1042, title: "a target description is not valid")
  package static let invalidDescription = DiagnosticID(
    number: 1043, title: "a YAML description of a model or a recipe is not valid")

  // MARK: 2xxx ONNX import and operators
  package static let notAnONNXModel = DiagnosticID(number: 2001, title: "the file is not a readable ONNX model")
  package static let unsupportedOpset = DiagnosticID(
    number: 2002, title: "the operator set's version is missing or not supported")
  package static let invalidTensor = DiagnosticID(number: 2003, title: "a tensor's data do not fit its shape or type")
  package static let externalData = DiagnosticID(
    number: 2004, title: "external tensor data are missing, malformed or outside the model's folder")
  package static let unsupportedDataType = DiagnosticID(number: 2005, title: "a data type that kdc does not support")
  package static let dynamicInputShape = DiagnosticID(number: 2006, title: "an input's shape is not known")
  package static let unsupportedOperator = DiagnosticID(number: 2010, title: "the operator is not supported")
  package static let invalidAttribute = DiagnosticID(
    number: 2011, title: "an attribute has the wrong type or an impossible value")
  package static let missingInput = DiagnosticID(number: 2012, title: "a required operator input is missing")
  package static let unsupportedAttribute = DiagnosticID(
    number: 2013, title: "an attribute value that kdc does not support")
  package static let shapeMismatch = DiagnosticID(number: 2014, title: "input shapes do not fit the operator")
  package static let typeMismatch = DiagnosticID(number: 2015, title: "input data types do not fit the operator")
  package static let notConstant = DiagnosticID(
    number: 2016, title: "an input that must be known when compiling is computed from data")
  package static let shapeOverflow = DiagnosticID(
    number: 2017, title: "a shape has more elements than can be addressed")
  package static let valueOutOfRange = DiagnosticID(
    number: 2018, title: "a value computed in the graph is outside the operator's range")
  package static let invalidGraph = DiagnosticID(number: 2020, title: "the graph breaks an ONNX rule")
  package static let graphCycle = DiagnosticID(number: 2021, title: "the graph's nodes form a cycle")
  package static let operandCount = DiagnosticID(
    number: 2022, title: "a node has more inputs or outputs than its operator, or lacks an output")
  package static let valueTooLarge = DiagnosticID(
    number: 2023, title: "a model's values take more memory than this machine can spare")
  package static let tooManyAxes = DiagnosticID(number: 2024, title: "a value has more axes than devices can index")
  package static let windowTooLarge = DiagnosticID(number: 2025, title: "a window has more elements than sums can hold")
  package static let tooLargeToExplain = DiagnosticID(
    number: 2026, title: "a model is too large to be run for an explanation")
  package static let tooManyNodes = DiagnosticID(
    number: 2027, title: "a model's functions or loops would become too many nodes")

  // MARK: 3xxx passes and quantisation
  package static let nonFiniteActivation = DiagnosticID(
    number: 3101, title: "the model computes NaN or infinity on the calibration samples")
  package static let lowSignal = DiagnosticID(
    number: 3102, title: "an output of the compiled model is far from the float model's")
  package static let lowAgreement = DiagnosticID(
    number: 3103, title: "a compiled model often answers differently from the float model")
  package static let fewCalibrationSamples = DiagnosticID(
    number: 3104, title: "ranges are chosen from few calibration samples")
  package static let valuesBeyondCalibration = DiagnosticID(
    number: 3105, title: "values go beyond what the calibration samples show")
  package static let differentScales = DiagnosticID(
    number: 3106, title: "samples, or what two models take, seem to be on different scales")
  package static let constantOutput = DiagnosticID(
    number: 3107, title: "an output is the same for all samples")
  package static let oneHotLabels = DiagnosticID(
    number: 3108, title: "labels of one-hot rows are taken as classes")
  package static let unknownOutput = DiagnosticID(
    number: 3109, title: "--output names an output that the model does not have, or a kind that does not fit it")
  package static let measuredOnTraining = DiagnosticID(
    number: 3110, title: "a model is measured on samples that it learns from")
  package static let fileScalesUnused = DiagnosticID(
    number: 3111, title: "a quantised model's own scales are not used")
  package static let lossNotKept = DiagnosticID(
    number: 3115, title: "the int8 model's outputs are further from the float model's than --max-loss allows")
  package static let nonFiniteInteger = DiagnosticID(
    number: 3120, title: "the int8 model computes NaN or infinity where the float model does not")
  package static let allChannelsRemoved = DiagnosticID(
    number: 3201, title: "a pruning would remove all channels of a layer")
  package static let cutOutOfReach = DiagnosticID(
    number: 3202, title: "the model does not have that many channels to remove")
  package static let notDifferentiable = DiagnosticID(
    number: 3401, title: "a model cannot be trained through an operator without a gradient")
  package static let labelOutOfRange = DiagnosticID(
    number: 3402, title: "a label names a class that the head does not have")
  package static let targetMismatch = DiagnosticID(
    number: 3403, title: "teacher outputs or labels do not fit the student's head")
  package static let nonFiniteLoss = DiagnosticID(number: 3404, title: "the loss became NaN or infinite")
  package static let unusableCheckpoint = DiagnosticID(number: 3405, title: "a checkpoint cannot be used")
  package static let nothingToTrain = DiagnosticID(number: 3406, title: "a model has no weights to train")
  package static let untrainableNormalization = DiagnosticID(
    number: 3407, title: "batch normalisation cannot be trained with one sample at a time")

  // MARK: 4xxx lowering, kernels and code generation
  package static let cannotLower = DiagnosticID(number: 4001, title: "no lowering exists for this use of an operator")
  package static let noKernel = DiagnosticID(number: 4002, title: "no kernel family takes a step on this target")

  // MARK: 5xxx toolchain
  package static let toolchainNotFound = DiagnosticID(number: 5001, title: "clang or ld.lld cannot be found")
  package static let toolchainTooOld = DiagnosticID(number: 5002, title: "clang or ld.lld is too old")
  package static let toolFailed = DiagnosticID(number: 5003, title: "a tool could not be run, or broke")
  package static let videoToolNotFound = DiagnosticID(number: 5004, title: "a video needs ffmpeg")

  // MARK: 6xxx bundle and runtime
  package static let notABundle = DiagnosticID(number: 6001, title: "the file is not a bundle")
  package static let damagedBundle = DiagnosticID(number: 6002, title: "a bundle is damaged")
  package static let unsupportedBundle = DiagnosticID(
    number: 6003, title: "a bundle is of a format version that this kdc does not read")
  package static let verificationFailed = DiagnosticID(
    number: 6004, title: "a bundle's outputs differ from its golden vectors")
  package static let cannotRunHere = DiagnosticID(number: 6005, title: "a bundle's code cannot run on this machine")
  package static let invalidProgram = DiagnosticID(number: 6010, title: "the program of a bundle is not valid")
  package static let inputMismatch = DiagnosticID(number: 6011, title: "the data given do not fit the model's inputs")
  package static let bundleCutShort = DiagnosticID(number: 6012, title: "a bundle is cut short")
  package static let bundleAltered = DiagnosticID(number: 6013, title: "a bundle was altered after it was made")
  package static let manifestMismatch = DiagnosticID(
    number: 6014, title: "a bundle does not contain what its manifest states")
  package static let goldenMissing = DiagnosticID(number: 6015, title: "a bundle has no golden vectors to verify it by")
  package static let executionStopped = DiagnosticID(
    number: 6016, title: "a bundle's code was stopped: it exceeded a limit of time or memory")
  package static let portName = DiagnosticID(
    number: 6017, title: "an input or output has a name that a bundle cannot hold")
}

extension DiagnosticID {
  /// Every diagnostic kdc can give, in order of number; a test checks that each is listed and documented.
  package static let all: [DiagnosticID] = [
    fileNotFound, outputNotWritable, invalidInputShape, invalidInputValue, unreadableData, missingData, wrongDataShape,
    nonFiniteData,
    noSamples, differentSampleCounts, unknownLabel, unreadableImage, imageSizeMismatch,
    teacherMismatch, unsuitableInput, invalidTable, mixedFolder, teacherOutputsMismatch,
    missingLabels, unknownLayer, unreadableVideo, outputIsInput, outputsCollide, outputOutsideFolder, numbersDoNotFit,
    skippedPictures, optionWithoutEffect, systemLimit, tooLarge, unknownTarget, invalidTarget, invalidDescription,
    notAnONNXModel, unsupportedOpset, invalidTensor, externalData, unsupportedDataType, dynamicInputShape,
    unsupportedOperator, invalidAttribute, missingInput, unsupportedAttribute, shapeMismatch, typeMismatch,
    notConstant, shapeOverflow, valueOutOfRange, invalidGraph, graphCycle, operandCount, valueTooLarge,
    tooManyAxes, windowTooLarge, tooLargeToExplain, tooManyNodes,
    nonFiniteActivation, lowSignal, lowAgreement, fewCalibrationSamples, valuesBeyondCalibration, differentScales,
    constantOutput, oneHotLabels, unknownOutput, measuredOnTraining, fileScalesUnused, lossNotKept, nonFiniteInteger,
    allChannelsRemoved, cutOutOfReach, notDifferentiable, labelOutOfRange, targetMismatch, nonFiniteLoss,
    unusableCheckpoint,
    nothingToTrain, untrainableNormalization,
    cannotLower, noKernel,
    toolchainNotFound, toolchainTooOld, toolFailed, videoToolNotFound,
    notABundle, damagedBundle, unsupportedBundle, verificationFailed, cannotRunHere, invalidProgram, inputMismatch,
    bundleCutShort, bundleAltered, manifestMismatch, goldenMissing, executionStopped, portName,
  ]
}
