package diagnose

func rateLimitedCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-rate-limited", "Registry limits pulls",
			"The registry has had too many pulls from this address and refuses more for a while.",
			"Log in with `docker login`, wait, or name a mirror with --images.",
		},
		words: []string{"toomanyrequests", "too many requests", "rate limit"},
		says:  "is refused by its registry: too many pulls",
		advice: []string{
			"docker login, then run up again",
			"name a mirror of %s in a file given with --images",
			"wait until the registry's limit is over",
		},
		passing: true,
	}
}

func platformCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-platform", "Image not made for this processor",
			"The image exists, but not for the architecture of the cluster's nodes.",
			"Choose a tag that is built for it, or build it yourself.",
		},
		words: []string{"no match for platform", "no matching manifest", "does not match the specified platform"},
		says:  "is not made for the node's architecture",
		advice: []string{
			"choose a tag of %s for this architecture, with --set or --images",
			"see what there is: docker manifest inspect %s",
		},
	}
}

func diskFullCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"disk-full", "Disk full",
			"There is no room left on the disk that holds the nodes.",
			"Free space with `docker system df` and `docker system prune`, or give Docker's machine a bigger disk.",
		},
		words:   []string{"no space left on device"},
		says:    "does not fit on the disk",
		advice:  []string{"docker system prune", "give Docker's machine a bigger disk"},
		passing: true,
	}
}

func unauthorisedCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-unauthorised", "Registry denies the image",
			"The registry says that the image does not exist or may be pulled only by those who log in.",
			"Check the name; where it is private, `docker login` and run up again: images are pulled with your own login.",
		},
		words: []string{
			"pull access denied", "unauthorized", "authorization failed", "authentication required",
			"insufficient_scope", "403 forbidden", "denied",
		},
		says: "is denied by its registry: it does not exist or needs a login",
		advice: []string{
			"check the name %s, and docker login to its registry",
			"name an image that you may pull in a file given with --images",
		},
	}
}

func notFoundCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-not-found", "Image not found",
			"The registry answers and has no such image or tag.",
			"Check the name and the tag; name another with --images or a parameter of the stack.",
		},
		words: []string{"not found", "manifest unknown", "name unknown", "no such image", "does not exist"},
		says:  "does not exist in its registry",
		advice: []string{
			"check the name and tag: docker manifest inspect %s",
			"name another image in a file given with --images",
		},
	}
}

func notLoadedCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-not-loaded", "Image not in the node",
			"The workload never pulls its image, and the node does not have it.",
			"Run up again: it loads images into the nodes.",
		},
		words:  []string{"errimageneverpull", "is not present with pull policy of never"},
		says:   "is not in the node and must not be pulled",
		advice: []string{"run up again: it loads %s into the nodes"},
	}
}

func invalidNameCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-invalid", "Image name invalid",
			"The image's name is not one that a registry could have.",
			"Names are lower case: [host[:port]/]path[:tag]. Correct the profile, stack or --images file.",
		},
		words:  []string{"invalidimagename", "invalid reference format", "couldn't parse image"},
		says:   "has a name that is not valid",
		advice: []string{"correct the name %s in the profile, the stack or the --images file"},
	}
}

func unreachableCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"registry-unreachable", "Registry unreachable",
			"The image's registry does not answer: no network, no name resolution, a proxy, a certificate.",
			"Check the network and the proxy settings of Docker; or name a mirror with --images.",
		},
		words: []string{
			"dial tcp", "no such host", "i/o timeout", "connection refused", "connection reset",
			"tls handshake", "x509", "server gave http response", "deadline exceeded", "unreachable",
			"server misbehaving", "proxyconnect", "eof", "temporary failure", "no route to host", "failed to do request",
		},
		says: "cannot be pulled: its registry does not answer",
		advice: []string{
			"docker pull %s, so that up finds it in the host's cache",
			"name a mirror of %s in a file given with --images",
			"check network, DNS and proxy of Docker",
		},
		passing: true,
	}
}

func otherCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			"image-pull-failed", "Image cannot be pulled",
			"The node could not get the image; the evidence has the registry's words.",
			"Try `docker pull` of the same image on this machine.",
		},
		says:    "cannot be pulled",
		advice:  []string{"docker pull %s, to see the same failure directly"},
		passing: true,
	}
}
