package plugin

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

const (
	smiName = "nvidia-smi"
	// visibleVariable lists the UUIDs of a container's devices, as with
	// NVIDIA's plugin.
	visibleVariable = "NVIDIA_VISIBLE_DEVICES"
	// simulatedVariable names the model of a container's simulated devices.
	simulatedVariable = "DIORAMA_GPU_SIMULATED"
	// simulatedDriver stands where a driver's version would.
	simulatedDriver = "simulated"
)

// Exit codes of nvidia-smi, as its manual has them under RETURN VALUE.
const (
	exitWell     = 0
	exitArgument = 2 // "A supplied argument or flag is invalid"
	exitNotFound = 6 // "A query to find an object was unsuccessful"
)

// IsSMI reports whether the program was called as nvidia-smi.
func IsSMI(called string) bool { return filepath.Base(called) == smiName }

// SMI is nvidia-smi for simulated devices: what a device is, it says in the
// form of the real one; what only hardware could know is [N/A]. It returns the
// exit code.
func SMI(args []string, getenv func(string) string, out io.Writer) int {
	w, err := parseSMI(args)
	if err != nil {
		fmt.Fprintln(out, err)
		return exitArgument
	}
	switch {
	case w.help:
		fmt.Fprint(out, smiHelp)
		return exitWell
	case w.helpFields:
		fmt.Fprint(out, fieldsHelp())
		return exitWell
	}
	devices := visible(getenv)
	if w.id != "" {
		wanted := strings.Split(w.id, ",")
		devices = slices.DeleteFunc(devices, func(d smiDevice) bool {
			return !slices.ContainsFunc(wanted, func(id string) bool {
				id = strings.TrimSpace(id)
				return id == d.UUID || id == strconv.Itoa(d.Index)
			})
		})
	}
	if len(devices) == 0 {
		fmt.Fprintln(out, "No devices were found")
		return exitNotFound
	}
	switch {
	case w.list:
		for _, d := range devices {
			fmt.Fprintf(out, "GPU %d: %s (UUID: %s)\n", d.Index, d.Model, d.UUID)
		}
	case len(w.fields) > 0:
		fmt.Fprint(out, w.csv(devices, time.Now()))
	case len(w.processes) > 0:
		fmt.Fprint(out, w.header(w.processes)) // nothing runs on what is not there
	default:
		fmt.Fprint(out, table(time.Now(), simulatedDriver, "N/A", rows(devices)))
	}
	return exitWell
}

// smiDevice is a device and its compute capability.
type smiDevice struct {
	gpu.Device
	capability string
}

// visible are the container's devices, numbered as it sees them.
func visible(getenv func(string) string) []smiDevice {
	shape, err := gpu.ParseShape("1x" + getenv(simulatedVariable))
	if err != nil {
		return nil
	}
	var devices []smiDevice
	for uuid := range strings.SplitSeq(getenv(visibleVariable), ",") {
		if strings.HasPrefix(uuid, "GPU-") {
			devices = append(devices, smiDevice{capability: shape.Model.Capability, Device: gpu.Device{
				Index: len(devices), UUID: uuid, Model: shape.Model.Product, Memory: shape.Model.Memory,
			}})
		}
	}
	return devices
}

// smiWish is what nvidia-smi was asked for.
type smiWish struct {
	help, list        bool
	helpFields        bool   // what can be queried
	id                string // indices and UUIDs, with commas between
	fields, processes []field
	headed, united    bool // of CSV: with a first line, with units
}

const smiHelp = `NVIDIA System Management Interface -- simulated by Diorama

    These devices schedule and do not compute. What only hardware could know
    is [N/A].

    nvidia-smi
    nvidia-smi -L | --list-gpus
    nvidia-smi [-i N|UUID,...] --query-gpu=FIELD,... --format=csv[,noheader][,nounits]
    nvidia-smi --query-compute-apps=FIELD,... --format=csv[,noheader][,nounits]
    nvidia-smi --help-query-gpu
    nvidia-smi -h | --help
`

// parseSMI reads the arguments. Errors are worded as the real one's where it
// would refuse too.
func parseSMI(args []string) (smiWish, error) {
	var w smiWish
	gpus, processes, format := "", "", ""
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		take := func() error {
			if given {
				return nil
			}
			if i+1 == len(args) {
				return fmt.Errorf("Option %s needs a value. Please run 'nvidia-smi -h' for help.", name) //nolint:staticcheck,revive // the real one's form
			}
			i++
			value = args[i]
			return nil
		}
		var err error
		switch name {
		case "-h", "--help":
			w.help = true
		case "-L", "--list-gpus":
			w.list = true
		case "-i", "--id":
			err, w.id = take(), value
			w.id = value
		case "--query-gpu":
			err = take()
			gpus = value
		case "--query-compute-apps":
			err = take()
			processes = value
		case "--format":
			err = take()
			format = value
		case "--help-query-gpu":
			w.helpFields = true
		default:
			//nolint:staticcheck,revive // the real one's form
			err = fmt.Errorf("Invalid combination of input arguments: %s is not simulated. Please run 'nvidia-smi -h' for help.", args[i])
		}
		if err != nil {
			return w, err
		}
	}
	return w.resolve(gpus, processes, format)
}

// resolve looks up what is queried.
func (w smiWish) resolve(gpus, processes, format string) (smiWish, error) {
	if cmp.Or(gpus, processes) == "" {
		if format != "" {
			return w, fmt.Errorf("Option --format needs a query. Please run 'nvidia-smi -h' for help.") //nolint:staticcheck,revive // the real one's form
		}
		return w, nil
	}
	if err := w.format(format); err != nil {
		return w, err
	}
	var err error
	if gpus != "" {
		w.fields, err = lookup(gpus, gpuFields())
	} else {
		w.processes, err = lookup(processes, processFields())
	}
	return w, err
}

func (w *smiWish) format(format string) error {
	w.headed, w.united = true, true
	csv := false
	for word := range strings.SplitSeq(format, ",") {
		switch strings.TrimSpace(word) {
		case "csv":
			csv = true
		case "noheader":
			w.headed = false
		case "nounits":
			w.united = false
		default:
			return fmt.Errorf("\"--format=\" switch is missing or invalid: found %q, expected csv[,noheader][,nounits]", format)
		}
	}
	if !csv {
		return fmt.Errorf("\"--format=\" needs csv: found %q, expected csv[,noheader][,nounits]", format)
	}
	return nil
}
