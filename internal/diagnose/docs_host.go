package diagnose

func dockerNotPermittedDoc() RuleDoc {
	return RuleDoc{
		ID: "docker-not-permitted", Title: "Docker not permitted", Sign: NoStart,
		Meaning: "Docker runs, but this user may not use its socket.",
		Look:    "at the owner of the socket that the evidence names: `ls -l /var/run/docker.sock`, and at your groups: `id`",
		Advice: []string{
			"sudo usermod -aG docker $USER, then log in again",
			"or use rootless Docker: dockerd-rootless-setuptool.sh install",
		},
		Waiting: "No.",
	}
}

func dockerNotRunningDoc() RuleDoc {
	return RuleDoc{
		ID: "docker-not-running", Title: "Docker not running", Sign: NoStart,
		Meaning: "No Docker engine answers at the address that is set.",
		Look:    "at what `docker version` says, and at the address: DOCKER_HOST and `docker context ls`",
		Advice: []string{
			"start Docker Desktop, or: sudo systemctl start docker",
			"check DOCKER_HOST and: docker context ls",
		},
		Waiting: "No, except while Docker itself is starting.",
	}
}

func portDoc() RuleDoc {
	return RuleDoc{
		ID: "port-in-use", Title: "Port in use", Sign: NoStart,
		Meaning: "A port that is wanted is held already: by another program of this machine, by a container, or by another container of the same Pod.",
		Look:    "at the evidence, which has the port; `diorama doctor` names who holds it on this machine",
		Advice: []string{
			"let the containers of <pod> listen on different ports",
			"stop what holds the port on <node>, or choose another one",
			"diorama doctor names the process of <machine> that holds it",
			"choose another port of <machine>: ports in the profile",
		},
		Waiting: "At first: its holder may be about to end. When an `up` has ended with it, no.",
	}
}

func inotifyDoc() RuleDoc {
	return RuleDoc{
		ID: "inotify-limit", Title: "Too many open files", Sign: NoStart,
		Meaning: "A process got no more files or inotify watches. In a local cluster that is nearly always the host's limit on inotify instances, which all nodes share.",
		Look:    "at the limits: `sysctl fs.inotify`",
		Advice: []string{
			"sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
			"stop other clusters and file watchers of this machine",
		},
		Waiting: "At first: others may end and leave some. Raising the limit is surer, and helps without a restart.",
	}
}

func diskFullDoc() RuleDoc {
	return RuleDoc{
		ID: "disk-full", Title: "Disk full", Sign: NoStart,
		Meaning: "There is no room left on the disk that holds Docker's data, and with it the nodes.",
		Look:    "at what takes the room: `docker system df`",
		Advice:  []string{"docker system df, then docker system prune", "give Docker's machine a bigger disk"},
		Waiting: "At first: a node takes images away that nothing uses. That is rarely enough.",
	}
}
