import COpenBLAS
import Glibc

extension BLAS {
  /// Starts this program again with OpenBLAS's Haswell kernels, unless a core type is named already or the processor lacks
  /// AVX2, and without OpenBLAS's threads. For the first line of a program.
  ///
  /// OpenBLAS picks kernels for the processor when it is loaded, and others round otherwise: the same seed would give other
  /// weights on another machine. All x86-64 processors of the last ten years run these, at most some percent slower.
  package static func restartWithFixedKernels() {
    let choosesKernels = kdc_has_haswell_kernels() != 0 && getenv("OPENBLAS_CORETYPE") == nil
    guard choosesKernels || getenv("OPENBLAS_NUM_THREADS") == nil else { return }
    var path = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &path, path.count - 1)
    guard length > 0 else { return }
    if choosesKernels { setenv("OPENBLAS_CORETYPE", "Haswell", 0) }
    // The pool of threads that OpenBLAS makes at load is never used.
    setenv("OPENBLAS_NUM_THREADS", "1", 0)
    // Where it fails, the kernels of this processor do.
    execv(path, CommandLine.unsafeArgv)
  }
}
