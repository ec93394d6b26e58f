package logs

// Batch is what a source of files hands over at once: lines, and how far its
// files are read with them. A store keeps all of it or nothing, also where the
// process is killed meanwhile, so that a source that goes on from the marks
// stores each line once.
type Batch struct {
	Lines []Line
	Read  []Mark
	// Lost is how many lines were gone before they could be read.
	Lost int64
}

// Mark is how far a file is read.
type Mark struct {
	// File identifies the file, whatever it is renamed to: its container, and
	// what it begins with.
	File string
	// Offset counts the bytes of the file that are read, before any
	// compression of it.
	Offset int64
}

// Keeper is where a source of files keeps what it reads; a [Store] is one.
type Keeper interface {
	// Put stores a batch.
	Put(b Batch) error
	// Mark is how far a file is stored; false where nothing of it is.
	// Asked for a file, it keeps its mark for longer than those of files that
	// nobody asks for.
	Mark(file string) (offset int64, known bool)
	// Position is how far the output of a container is stored by the times of
	// its lines: for files of which there is no mark, as where an earlier
	// source read the container's output in another way.
	Position(pod, container string) Position
}
