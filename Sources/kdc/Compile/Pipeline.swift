/// `kdc compile`, from top to bottom. What a stage needs and makes is in its signature; each is a file in `Stages`.
enum Pipeline {
  /// Runs all stages. Throws what a stage throws; then no output file exists.
  static func run(_ request: CompileRequest, progress: Progress) throws -> Report {
    var log = StageLog(progress)
    let models = try log.stage("import") { try importModels(request, &$0) }
    try log.stage("check samples") { try checkSamples(request, models, &$0) }
    let inputs = try log.stage("canonicalize") { try canonicalize(models, &$0) }
    let baseline = try log.stage("measure float") { try measureFloat(request, inputs, &$0) }
    let guidance = try log.stage("answers") { try answer(request, inputs, &$0) }
    let compiler = Compiler(request: request, inputs: inputs, guidance: guidance, progress: progress)
    let choice = try log.stage("budget") { try meetBudget(compiler, &$0) }
    let pruned = try log.stage("prune") { try prune(compiler, choice, baseline, &$0) }
    let compressed = try log.stage("recover") { try recover(compiler, choice, pruned, baseline, &$0) }
    let quantized = try log.stage("quantize") { try quantize(compiler, compressed, &$0) }
    let program = try log.stage("lower") { try lower(quantized, &$0) }
    let selections = try log.stage("select kernels") { try selectKernels(program, request, &$0) }
    let lowered = log.stage("plan memory") { planMemory(program, selections, &$0) }
    let sources = try log.stage("emit") { try emit(lowered, for: request.architectures, &$0) }
    let built = try log.stage("build") { try build(compiler, program, sources, &$0) }
    let measured = try log.stage("measure int8") { try measure(compiler, quantized, lowered, built, baseline, &$0) }
    log.stage("judge") { judge(request, inputs.student, quantized, compressed, measured, baseline, &$0) }
    try log.stage("keep promise") {
      try keepPromise(request, inputs.student, quantized, compressed, measured, baseline, &$0)
    }
    try log.stage("check budget") { try checkBudget(compiler, compressed, lowered, built, &$0) }
    try log.stage("prove") { try prove(compiler, program, built, measured, &$0) }
    try log.stage("package") { try package(compiler, compressed, quantized, lowered, sources, built, &$0) }
    return log.report
  }
}
