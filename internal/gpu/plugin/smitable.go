package plugin

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// row is a device of the table, each value as it stands there.
type row struct {
	index                              int
	name, persistence, bus, display    string
	ecc, fan, temperature, performance string
	power, limit                       string
	used, total, utilisation           string
}

// rows are simulated devices: they have a name and a memory, and do nothing
// that could be measured.
func rows(devices []smiDevice) []row {
	var list []row
	for _, d := range devices {
		list = append(list, row{
			index: d.Index, name: d.Model, persistence: "N/A", bus: "N/A", display: "N/A", ecc: "N/A", fan: "N/A", temperature: "N/A",
			performance: "N/A", power: "N/A", limit: "N/A", used: "N/A", total: strconv.FormatInt(d.Memory>>20, 10) + "MiB", utilisation: "N/A",
		})
	}
	return list
}

const (
	tableEdge = "+-----------------------------------------------------------------------------------------+\n"
	tableHead = `+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
`
	tableRow  = "+-----------------------------------------+------------------------+----------------------+\n"
	tableTail = `
+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|
|  No running processes found                                                             |
+-----------------------------------------------------------------------------------------+
`
)

// table is what nvidia-smi prints without arguments, in the form of driver 580.
func table(now time.Time, driver, cuda string, rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s       \n%s", now.Format(time.ANSIC), tableEdge)
	fmt.Fprintf(&b, "| NVIDIA-SMI %-22s Driver Version: %-14s CUDA Version: %-8s |\n", driver, driver, cuda)
	b.WriteString(tableHead)
	for _, r := range rows {
		mig := "N/A"
		if r.ecc != "N/A" {
			mig = "Disabled"
		}
		fmt.Fprintf(&b, "| %3d  %-26s %6s  | %18s %3s | %20s |\n", r.index, r.name, r.persistence, r.bus, r.display, r.ecc)
		fmt.Fprintf(&b, "| %s %5s  %4s %15s / %5s | %10s / %9s | %7s %12s |\n",
			r.fan, r.temperature, r.performance, r.power, r.limit, r.used, r.total, r.utilisation, "Default")
		fmt.Fprintf(&b, "| %39s | %22s | %20s |\n%s", "", "", mig, tableRow)
	}
	b.WriteString(tableTail)
	return b.String()
}
