package autoscaling

// Status is how one group does.
type Status struct {
	Group     string           `json:"group"`
	Region    string           `json:"region"`
	Desired   int              `json:"desired"`
	Rolling   bool             `json:"rolling"` // a refresh runs, or some instances are not what the group launches
	Instances []InstanceStatus `json:"instances"`
}

// InService counts the instances that serve.
func (s Status) InService() int {
	n := 0
	for _, i := range s.Instances {
		if i.State == InService {
			n++
		}
	}
	return n
}

// InstanceStatus is how one instance does.
type InstanceStatus struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	PID     int    `json:"pid"` // of its first unit; 0 between two starts
	State   State  `json:"state"`
	Version int    `json:"version"` // of the launch template
}

func (g *group) status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	st := Status{Group: g.spec.name, Region: g.spec.region, Desired: g.record.Desired, Rolling: g.active() != nil}
	current, _ := g.service.resolve(g.spec.region, g.launching().ref())
	for _, i := range g.instances {
		is := InstanceStatus{ID: i.id, State: i.state, Version: i.template.number, PID: i.pid()}
		if i.addr.IsValid() {
			is.Address = i.addr.String()
		}
		st.Rolling = st.Rolling || current == nil || !i.is(current)
		st.Instances = append(st.Instances, is)
	}
	return st
}
