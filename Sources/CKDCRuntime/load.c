/* kdc_model_load and kdc_model_load_memory, for applications: needs dlopen, so bundles are made without this file. */
#ifndef KDC_BUNDLE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "include/kdc.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

kdc_status kdc_model_load(const char *path, const kdc_options *options, kdc_instance **instance) {
  if (!path || !instance) return KDC_BAD_ARGUMENT;
  *instance = NULL;
  /* Without a slash dlopen would search the library path instead of the working folder. */
  char local[4096];
  int slash = 0;
  for (const char *c = path; *c; c++) slash |= *c == '/';
  if (!slash) {
    int size = snprintf(local, sizeof local, "./%s", path);
    if (size < 0 || (size_t)size >= sizeof local) return KDC_BAD_ARGUMENT;
    path = local;
  }
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return KDC_CANNOT_LOAD;
  const kdc_api *(*table)(uint32_t);
  *(void **)&table = dlsym(library, "kdc_api_table");
  const kdc_api *api = table ? table(KDC_ABI_VERSION) : NULL;
  kdc_status status = !table ? KDC_CANNOT_LOAD : !api ? KDC_BAD_VERSION : api->open(options, instance);
  /* Once opened the library stays: threads may still be leaving its code when an instance closes. */
  if (status) dlclose(library);
  return status;
}

kdc_status kdc_model_load_memory(const void *data, size_t size, const kdc_options *options, kdc_instance **instance) {
  if (!data || !instance) return KDC_BAD_ARGUMENT;
  *instance = NULL;
  int file = (int)syscall(SYS_memfd_create, "model.kdb", 1u /* close on exec */);
  if (file < 0) return KDC_CANNOT_LOAD;
  const char *at = data;
  while (size) {
    ssize_t written = write(file, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      close(file);
      return KDC_NO_MEMORY;
    }
    at += written;
    size -= (size_t)written;
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  kdc_status status = kdc_model_load(path, options, instance);
  close(file);
  return status;
}
#else
typedef int kdc_bundles_do_not_load;
#endif
