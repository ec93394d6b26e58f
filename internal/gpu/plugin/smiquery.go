package plugin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// notKnown is what nvidia-smi says where a device cannot tell.
const notKnown = "[N/A]"

// field is one that can be queried: how the first line calls it, its unit, and
// its value without the unit.
type field struct {
	name, unit string
	value      func(d smiDevice, all int, now time.Time) string
}

// aliases are other names of fields (nvidia-smi --help-query-gpu).
func aliases() map[string]string {
	return map[string]string{
		"gpu_name": "name", "gpu_uuid": "uuid", "gpu_serial": "serial", "gpu_bus_id": "pci.bus_id",
		"clocks.gr": "clocks.current.graphics", "clocks.sm": "clocks.current.sm", "clocks.mem": "clocks.current.memory",
		"clocks.video": "clocks.current.video", "used_memory": "used_gpu_memory", "name": "process_name",
	}
}

// gpuFields are those of --query-gpu. A simulation knows what a device is, and
// nothing of what it does.
func gpuFields() []field {
	mib := func(bytes int64) string { return strconv.FormatInt(bytes>>20, 10) }
	fields := []field{
		{"timestamp", "", func(_ smiDevice, _ int, now time.Time) string { return now.Format("2006/01/02 15:04:05.000") }},
		{"driver_version", "", func(smiDevice, int, time.Time) string { return simulatedDriver }},
		{"count", "", func(_ smiDevice, all int, _ time.Time) string { return strconv.Itoa(all) }},
		{"name", "", func(d smiDevice, _ int, _ time.Time) string { return d.Model }},
		{"uuid", "", func(d smiDevice, _ int, _ time.Time) string { return d.UUID }},
		{"index", "", func(d smiDevice, _ int, _ time.Time) string { return strconv.Itoa(d.Index) }},
		{"memory.total", "MiB", func(d smiDevice, _ int, _ time.Time) string { return mib(d.Memory) }},
		{"compute_cap", "", func(d smiDevice, _ int, _ time.Time) string { return d.capability }},
	}
	for _, unknown := range []struct{ unit, names string }{
		{"", "serial pci.bus_id pci.domain pci.bus pci.device pci.device_id pci.sub_device_id vbios_version persistence_mode pstate " +
			"compute_mode mig.mode.current mig.mode.pending display_active display_mode temperature.gpu temperature.memory " +
			"ecc.mode.current ecc.mode.pending pcie.link.gen.current pcie.link.gen.max pcie.link.width.current pcie.link.width.max " +
			"accounting.mode gom.current gom.pending clocks_throttle_reasons.active clocks_event_reasons.active " +
			"ecc.errors.corrected.volatile.total ecc.errors.uncorrected.volatile.total"},
		{"MiB", "memory.used memory.free memory.reserved"},
		{"%", "utilization.gpu utilization.memory utilization.encoder utilization.decoder fan.speed"},
		{"W", "power.draw power.draw.average power.draw.instant power.limit enforced.power.limit power.default_limit power.min_limit power.max_limit"},
		{"MHz", "clocks.current.graphics clocks.current.sm clocks.current.memory clocks.current.video " +
			"clocks.max.graphics clocks.max.sm clocks.max.memory"},
	} {
		for name := range strings.FieldsSeq(unknown.names) {
			fields = append(fields, field{name, unknown.unit, func(smiDevice, int, time.Time) string { return notKnown }})
		}
	}
	return fields
}

// fieldsHelp names what --query-gpu knows, other names of a field beside it, in
// the real one's form: each in quotes at the beginning of a line.
func fieldsHelp() string {
	var b strings.Builder
	b.WriteString("List of valid properties to query for the switch \"--query-gpu=\":\n\n")
	for _, f := range gpuFields() {
		names := []string{strconv.Quote(f.name)}
		for _, alias := range slices.Sorted(maps.Keys(aliases())) {
			if aliases()[alias] == f.name {
				names = append(names, strconv.Quote(alias))
			}
		}
		b.WriteString(strings.Join(names, " or ") + "\n")
	}
	return b.String()
}

// processFields are those of --query-compute-apps.
func processFields() []field {
	return []field{
		{name: "timestamp"},
		{name: "gpu_name"},
		{name: "gpu_bus_id"},
		{name: "gpu_serial"},
		{name: "gpu_uuid"},
		{name: "pid"},
		{name: "process_name"},
		{name: "used_gpu_memory", unit: "MiB"},
	}
}

// lookup finds the fields of a list; the error is the real one's.
func lookup(names string, known []field) ([]field, error) {
	find := func(name string) (field, bool) {
		i := slices.IndexFunc(known, func(f field) bool { return f.name == name })
		if i < 0 {
			return field{}, false
		}
		return known[i], true
	}
	var fields []field
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		f, ok := find(name)
		if !ok {
			f, ok = find(aliases()[name])
		}
		if !ok {
			return nil, fmt.Errorf("Field %q is not a valid field to query.\n", name) //nolint:staticcheck,revive // the real one's form
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// header is the first line of CSV; it names units also where values have none.
func (w smiWish) header(fields []field) string {
	if !w.headed {
		return ""
	}
	var names []string
	for _, f := range fields {
		if f.unit != "" {
			f.name += " [" + f.unit + "]"
		}
		names = append(names, f.name)
	}
	return strings.Join(names, ", ") + "\n"
}

func (w smiWish) csv(devices []smiDevice, now time.Time) string {
	var b strings.Builder
	b.WriteString(w.header(w.fields))
	for _, d := range devices {
		var values []string
		for _, f := range w.fields {
			value := f.value(d, len(devices), now)
			if f.unit != "" && value != notKnown && w.united {
				value += " " + f.unit
			}
			values = append(values, value)
		}
		b.WriteString(strings.Join(values, ", ") + "\n")
	}
	return b.String()
}
