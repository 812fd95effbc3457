/// Every kernel family, once: selection, tests, benchmarks and `kdc explain` read this list.
package enum Families {
  package static let all: [any KernelFamily] = []
}
