package embedded

// NoteHolder notes whose a server's folder is.
func NoteHolder(folder string, pid int) error { return writeHolder(folder, sigterm, pid) }
