package manifest

func (r *renderer) walkLosses() {}
