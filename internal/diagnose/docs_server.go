package diagnose

// serverDocs are the kinds of finding about servers that run as processes.
func serverDocs() []RuleDoc {
	return []RuleDoc{serverPortDoc(), serverDiskDoc(), serverStartDoc(), serverEndedDoc()}
}

func serverPortDoc() RuleDoc {
	return RuleDoc{
		ID: "server-port-taken", Title: "A server's port is taken", Sign: NoStart,
		Meaning: "Without a cluster, every server listens on a port of 127.0.0.1 itself. Somebody else has taken it since the plan was made.",
		Look:    "at the summary, which names the holder where this machine tells it",
		Advice: []string{
			"stop whoever has it, and the server starts by itself",
			"or run `diorama up` again, which takes another port",
		},
		Waiting: "At first: the server is tried again, later each time. When an `up` has ended with it, run it again.",
	}
}

func serverDiskDoc() RuleDoc {
	return RuleDoc{
		ID: "server-disk-full", Title: "A server's disk is full", Sign: Ends,
		Meaning: "The disk that holds the environment's state folder has no room left. What the server had acknowledged is on it.",
		Look:    "at `df -h` of the state folder (DIORAMA_STATE, else ~/.local/state/diorama), and at what takes the room there",
		Advice:  []string{"make room on the disk of the state folder; the server then starts by itself"},
		Waiting: "No, until there is room.",
	}
}

func serverStartDoc() RuleDoc {
	return RuleDoc{
		ID: "server-cannot-start", Title: "A server cannot be started", Sign: Ends,
		Meaning: "Its program is not there or not to be run, or its data cannot be made or read: for example because another version made it.",
		Look:    "at the summary, and at `diorama logs <service>`",
		Advice:  []string{"diorama logs <service>"},
		Waiting: "No, unless something else mends the cause: it is tried again, later each time.",
	}
}

func serverEndedDoc() RuleDoc {
	return RuleDoc{
		ID: "server-ended", Title: "A server ended by itself", Sign: Ends,
		Meaning: "Its process ended without being asked to. The keeper starts it again at once the first time, and later each time that it ends again.",
		Look:    "at its last lines, which are the evidence, and at `diorama logs <service>`",
		Advice:  []string{"diorama logs <service>"},
		Waiting: "At first: it is started again by itself. After three ends in a row an `up` gives up.",
	}
}
