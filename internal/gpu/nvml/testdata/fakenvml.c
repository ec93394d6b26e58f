/* A library with the few calls of NVML that are made here, and no GPU behind
 * them. FAKENVML says how it behaves: healthy (two GPUs), mig, lost (the second
 * has fallen off the bus), unknown (the second answers with 999), hang,
 * hang-end (only the end does), or init:N, where every start ends with the result N. With -DOLD it has no
 * symbols that came after driver 418. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdio.h>

typedef unsigned int u;
typedef unsigned long long ull;
typedef struct { int number; } device;
static device devices[2] = {{0}, {1}}, parts[2] = {{10}, {11}};

static const char *mode(void) { const char *m = getenv("FAKENVML"); return m ? m : "healthy"; }
static int is(const char *m) { return strcmp(mode(), m) == 0; }
static int begin(void) {
  if (strncmp(mode(), "init:", 5) == 0) return atoi(mode() + 5);
  while (is("hang")) sleep(3600);
  return 0;
}
static int ill(device *d) {
  if (d->number != 1) return 0;
  return is("lost") ? 15 : is("unknown") ? 999 : 0;
}

int nvmlInit(void) { return begin(); }
/* That it was ended stands in the file that FAKENVML_ENDED names. */
int nvmlShutdown(void) {
  const char *file = getenv("FAKENVML_ENDED");
  while (is("hang-end")) sleep(3600);
  FILE *f = file ? fopen(file, "a") : NULL;
  if (f) { fputs("ended\n", f); fclose(f); }
  return 0;
}
int nvmlSystemGetDriverVersion(char *v, u n) { snprintf(v, n, "580.65.06"); return 0; }
int nvmlDeviceGetCount(u *n) { *n = 2; return 0; }
int nvmlDeviceGetHandleByIndex(u i, device **d) { if (i > 1) return 2; *d = &devices[i]; return 0; }
/* Bound in reverse: the device file's number is not the index. */
int nvmlDeviceGetMinorNumber(device *d, u *n) { *n = 1 - d->number; return ill(d); }
int nvmlDeviceGetUUID(device *d, char *s, u n) {
  snprintf(s, n, d->number < 10 ? "GPU-0000000%d-1111-2222-3333-444444444444" : "MIG-000000%d-1111-2222-3333-444444444444", d->number);
  return 0;
}
int nvmlDeviceGetName(device *d, char *s, u n) {
  if (ill(d)) return ill(d);
  snprintf(s, n, d->number < 10 ? "NVIDIA Fake 40GB" : "NVIDIA Fake 40GB MIG 3g.20gb");
  return 0;
}
int nvmlDeviceGetMemoryInfo(device *d, ull m[3]) {
  m[0] = d->number < 10 ? 40ull << 30 : 20ull << 30; m[2] = 3ull << 30; m[1] = m[0] - m[2];
  return ill(d);
}
int nvmlDeviceGetUtilizationRates(device *d, u r[2]) { r[0] = 42; r[1] = 7; return ill(d); }
int nvmlDeviceGetTemperature(device *d, int sensor, u *t) { *t = 51; return ill(d); }
int nvmlDeviceGetPowerUsage(device *d, u *w) { *w = 120500; return d->number == 0 ? 0 : ill(d) ? ill(d) : 3; }
int nvmlSystemGetProcessName(u pid, char *s, u n) { if (pid != 4711) return 6; snprintf(s, n, "/usr/bin/python3"); return 0; }

#ifdef OLD
typedef struct { u pid; ull used; } process;
int nvmlDeviceGetComputeRunningProcesses(device *d, u *n, process *p) {
  if (*n < 1) return 7;
  *n = 1; p[0].pid = 4711; p[0].used = 1ull << 30;
  return 0;
}
#else
int nvmlInit_v2(void) { return begin(); }
int nvmlDeviceGetCount_v2(u *n) { return nvmlDeviceGetCount(n); }
int nvmlDeviceGetHandleByIndex_v2(u i, device **d) { return nvmlDeviceGetHandleByIndex(i, d); }
int nvmlSystemGetCudaDriverVersion(int *v) { *v = 13020; return 0; }
int nvmlSystemGetCudaDriverVersion_v2(int *v) { *v = 13020; return 0; }
typedef struct { u version; ull total, reserved, free, used; } memory;
int nvmlDeviceGetMemoryInfo_v2(device *d, memory *m) {
  ull v1[3];
  int r = nvmlDeviceGetMemoryInfo(d, v1);
  m->total = v1[0]; m->reserved = 1ull << 30; m->used = v1[2] - m->reserved; m->free = v1[1];
  return r;
}
typedef struct { u pid; ull used; u gi, ci; } process;
int nvmlDeviceGetComputeRunningProcesses_v3(device *d, u *n, process *p) {
  u there = d->number == 0 ? 2 : 0, room = *n;
  *n = there;
  if (room < there) return 7;
  if (!there) return 0;
  p[0].pid = 4711; p[0].used = 1ull << 30; p[0].gi = p[0].ci = ~0u;
  p[1].pid = 4712; p[1].used = ~0ull; p[1].gi = p[1].ci = ~0u;
  if (is("mig")) { p[0].gi = 1; p[0].ci = 0; p[1].gi = 2; p[1].ci = 0; }
  return 0;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(device *d, u *n, process *p) { *n = 0; return 0; }
int nvmlDeviceGetMigMode(device *d, u *current, u *pending) {
  *current = *pending = is("mig") && d->number == 0;
  return d->number == 0 ? 0 : 3;
}
int nvmlDeviceGetMaxMigDeviceCount(device *d, u *n) { *n = 7; return 0; }
int nvmlDeviceGetMigDeviceHandleByIndex(device *d, u i, device **p) {
  if (!is("mig") || d->number != 0 || (i != 0 && i != 3)) return 6;
  *p = &parts[i == 3];
  return 0;
}
int nvmlDeviceGetGpuInstanceId(device *d, u *id) { *id = d->number - 9; return 0; }
int nvmlDeviceGetComputeInstanceId(device *d, u *id) { *id = 0; return 0; }
#endif
