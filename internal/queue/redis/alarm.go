package redis

import "fmt"

// nearlyFull is the part of maxmemory, in percent, from which on it is an alarm.
const nearlyFull = 95

// alarms say what is wrong with the server.
func (i info) alarms() []string {
	var list []string
	used, okUsed := i.number("used_memory")
	most, okMost := i.number("maxmemory")
	if okUsed && okMost && most > 0 && float64(used) >= nearlyFull/100.0*float64(most) && i["maxmemory_policy"] == "noeviction" {
		text := "writes are refused soon"
		if used >= most {
			text = "writes are refused"
		}
		list = append(list, fmt.Sprintf("memory: %s used of maxmemory %s with the policy noeviction: %s", size(used), size(most), text))
	}
	if i["loading"] == "1" {
		list = append(list, "the server is reading its data from disk")
	}
	if i["aof_enabled"] == "1" && refused(i["aof_last_write_status"]) {
		list = append(list, "the append-only file cannot be written, so writes are refused: is the disk full?")
	}
	if refused(i["aof_last_bgrewrite_status"]) {
		list = append(list, "the last rewrite of the append-only file failed")
	}
	if refused(i["rdb_last_bgsave_status"]) {
		list = append(list, "the last save to disk failed; writes are refused where stop-writes-on-bgsave-error is on")
	}
	if i["master_link_status"] == "down" {
		list = append(list, "this replica has lost its primary")
	}
	return list
}

func refused(status string) bool { return status != "" && status != "ok" }

// size is a number of bytes as people read it.
func size(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
