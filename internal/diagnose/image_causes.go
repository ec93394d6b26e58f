package diagnose

import "fmt"

func rateLimitedCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-rate-limited", Title: "Registry limits pulls", Sign: NoImage,
			Meaning: "The registry has had too many pulls from this address and refuses more for a while.",
			Look:    "at the registry's words in the evidence, and at whether you are logged in: `docker login`",
			Advice: []string{
				"docker login, then run up again",
				"name a mirror in a file given with --images",
				"wait until the registry's limit is over",
			},
			Waiting: "At first: limits end, Docker Hub's after some hours. A login helps at once.",
		},
		words:   []string{"toomanyrequests", "too many requests", "rate limit"},
		says:    "is refused by its registry: too many pulls",
		passing: true,
	}
}

func platformCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-platform", Title: "Image not made for this processor", Sign: NoImage,
			Meaning: "The image exists, but not for the architecture of the cluster's nodes.",
			Look:    "at the architectures that there are: `docker manifest inspect IMAGE`",
			Advice: []string{
				"choose a tag of <image> for this architecture, with --set or --images",
				"see what there is: docker manifest inspect <image>",
			},
			Waiting: "No.",
		},
		words: []string{"no match for platform", "no matching manifest", "does not match the specified platform"},
		says:  "is not made for the node's architecture",
	}
}

func diskFullCause() imageCause {
	return imageCause{
		doc:     diskFullDoc(),
		words:   []string{"no space left on device"},
		says:    "does not fit on the disk",
		passing: true,
	}
}

func unauthorisedCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-unauthorised", Title: "Registry denies the image", Sign: NoImage,
			Meaning: "The registry says that the image does not exist or may be pulled only by those who log in. Images are pulled with your own login.",
			Look:    "at the name in the evidence, and at whether `docker pull` gets the image on this machine",
			Advice: []string{
				"check the name <image>, and docker login to its registry",
				"name an image that you may pull in a file given with --images",
			},
			Waiting: "No.",
		},
		words: []string{
			"pull access denied", "unauthorized", "authorization failed", "authentication required",
			"insufficient_scope", "403 forbidden", "denied",
		},
		says: "is denied by its registry: it does not exist or needs a login",
	}
}

func notFoundCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-not-found", Title: "Image not found", Sign: NoImage,
			Meaning: "The registry answers and has no such image or tag.",
			Look:    "at the name in the evidence: a slip, or a tag that was taken away",
			Advice: []string{
				"check the name and tag: docker manifest inspect <image>",
				"name another image in a file given with --images",
			},
			Waiting: "No.",
		},
		words: []string{"not found", "manifest unknown", "name unknown", "no such image", "does not exist"},
		says:  "does not exist in its registry",
	}
}

func notLoadedCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-not-loaded", Title: "Image not in the node", Sign: NoImage,
			Meaning: "The workload never pulls its image, and the node does not have it.",
			Look:    "at the images of the profile: `diorama images`",
			Advice:  []string{"run up again: it loads <image> into the nodes"},
			Waiting: "No.",
		},
		words: []string{"errimageneverpull", "is not present with pull policy of never"},
		says:  "is not in the node and must not be pulled",
	}
}

func invalidNameCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-invalid", Title: "Image name invalid", Sign: NoImage,
			Meaning: "The image's name is not one that a registry could have.",
			Look:    "at the name in the evidence. Names are in lower case: [host[:port]/]path[:tag]",
			Advice:  []string{"correct the name <image> in the profile, the stack or the --images file"},
			Waiting: "No.",
		},
		words: []string{"invalidimagename", "invalid reference format", "couldn't parse image"},
		says:  "has a name that is not valid",
	}
}

func unreachableCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "registry-unreachable", Title: "Registry unreachable", Sign: NoImage,
			Meaning: "The image's registry does not answer: no network, no name resolution, a proxy, a certificate.",
			Look:    "at what `docker pull` of the same image says on this machine: no network, no name resolution, a proxy, a certificate",
			Advice: []string{
				"docker pull <image>, so that up finds it in the host's cache",
				"name a mirror of <image> in a file given with --images",
				"check network, DNS and proxy of Docker",
			},
			Waiting: fmt.Sprintf("At first: it is tried again. After %d attempts the step ends with it.", pullAttempts),
		},
		words: []string{
			"dial tcp", "no such host", "i/o timeout", "connection refused", "connection reset",
			"tls handshake", "x509", "server gave http response", "deadline exceeded", "unreachable",
			"server misbehaving", "proxyconnect", "eof", "temporary failure", "no route to host", "failed to do request",
		},
		says:    "cannot be pulled: its registry does not answer",
		passing: true,
	}
}

func otherCause() imageCause {
	return imageCause{
		doc: RuleDoc{
			ID: "image-pull-failed", Title: "Image cannot be pulled", Sign: NoImage,
			Meaning: "The node could not get the image; the evidence has the registry's words.",
			Look:    "at the registry's words in the evidence",
			Advice:  []string{"docker pull <image>, to see the same failure directly"},
			Waiting: fmt.Sprintf("At first: it is tried again. After %d attempts the step ends with it.", pullAttempts),
		},
		says:    "cannot be pulled",
		passing: true,
	}
}
