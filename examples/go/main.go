// A host in Go: one function per request, one transaction each, with its event.
//
//	go run . join    or another step; without one, all of them, two seconds apart
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	_ "github.com/lib/pq"
)

// subjects are the rows that an event is about, by the host's ids. An empty one is left out.
type subjects struct{ actor, project, resource, thread string }

// emit records an event in a transaction: it counts if the transaction commits.
func emit(tx *sql.Tx, eventType string, payload map[string]any, on subjects) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	_, err = tx.Exec(
		`select commonwork.emit($1, $2::jsonb, actor => nullif($3, ''), project => nullif($4, ''),
		        resource => nullif($5, ''), thread => nullif($6, ''))`,
		eventType, body, on.actor, on.project, on.resource, on.thread)
	return err
}

// Statements of a request, run in order until one fails.
type request struct {
	tx  *sql.Tx
	err error
}

// insert runs a statement that returns the id of the row that it wrote.
func (r *request) insert(statement string, args ...any) (id string) {
	if r.err == nil {
		r.err = r.tx.QueryRow(statement, args...).Scan(&id)
	}
	return id
}

func (r *request) exec(statement string, args ...any) {
	if r.err == nil {
		_, r.err = r.tx.Exec(statement, args...)
	}
}

func (r *request) emit(eventType string, payload map[string]any, on subjects) {
	if r.err == nil {
		r.err = emit(r.tx, eventType, payload, on)
	}
}

// find reads the id of a row.
func (r *request) find(statement string, args ...any) string { return r.insert(statement, args...) }

func (r *request) user(name string) string {
	return r.find(`select id from users where email = $1 || '@example.com'`, name)
}

func (r *request) volunteer(name string) string {
	return r.find(`select id from volunteers where name = $1`, name)
}

func (r *request) project() string { return r.find(`select id from projects where title <> 'Workshop'`) }

func join(r *request) {
	dora := r.insert(`insert into users (email) values ('dora@example.com') returning id`)
	volunteer := r.insert(
		`insert into volunteers (user_id, name, location_lat, location_lng) values ($1, 'Dora', 52.53, 13.40) returning id`, dora)
	r.exec(`insert into volunteer_skills (volunteer_id, skill_id, skill_weight) values ($1, 1, 0.7), ($1, 2, 0.6)`, volunteer)
	r.emit("invite_accepted", map[string]any{"org_id": 1, "new_member_id": dora}, subjects{actor: dora})
	r.emit("profile.updated", map[string]any{"user_id": dora, "parts": []string{"skills"}}, subjects{})
}

func open(r *request) {
	project := r.insert(
		`insert into projects (title, project_status, created_by_admin_id, location_lat, location_lng, auto_notify_matches)
		 values ('Garden', 'recruiting', $1, 52.52, 13.40, true) returning id`, r.user("ada"))
	r.exec(`insert into project_required_skills (project_id, skill_id) values ($1, 1), ($1, 2)`, project)
	r.exec(`insert into project_team_members (project_id, volunteer_id, status) values ($1, $2, 'active')`, project, r.volunteer("Eve"))
	r.emit("project.updated", map[string]any{}, subjects{project: project})
}

func accept(r *request) {
	r.exec(`insert into applications (project_id, volunteer_id) values ($1, $2)`, r.project(), r.volunteer("Ben"))
	r.exec(`update applications set status = 'accepted'`)
}

func upload(title string) func(*request) {
	return func(r *request) {
		project, ada := r.project(), r.user("ada")
		document := r.insert(
			`insert into resources (title, resource_type, scope, project_id, uploaded_by_id)
			 values ($1, 'file', 'project_specific', $2, $3) returning id`, title, project, ada)
		r.emit("document_uploaded", map[string]any{}, subjects{actor: ada, project: project, resource: document})
	}
}

func write(r *request) {
	project, ben := r.project(), r.user("ben")
	text := fmt.Sprintf("When do we begin, @[Eve](user:%s)?", r.user("eve"))
	message := r.insert(
		`insert into project_messages (project_id, sender_id, message_text) values ($1, $2, $3) returning id`, project, ben, text)
	r.emit("chat_message_sent", map[string]any{"message_id": message}, subjects{actor: ben, thread: project})
}

func remove(r *request) {
	r.exec(`update project_team_members set status = 'removed' where volunteer_id = $1`, r.volunteer("Ben"))
	r.exec(`update projects set title = 'Community garden' where id = $1`, r.project())
	upload("Budget.pdf")(r)
}

func deleteAccount(r *request) {
	r.exec(`delete from users where id = $1`, r.user("eve"))
	upload("Photos.pdf")(r)
}

var steps = []struct {
	name string
	run  func(*request)
}{
	{"join", join}, {"open", open}, {"accept", accept}, {"upload", upload("Plan.pdf")},
	{"write", write}, {"remove", remove}, {"delete", deleteAccount},
}

// inTransaction commits what a request wrote, or nothing of it.
func inTransaction(db *sql.DB, run func(*request)) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	r := &request{tx: tx}
	if run(r); r.err != nil {
		return r.err
	}
	return tx.Commit()
}

func main() {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range steps {
		if len(os.Args) > 1 && os.Args[1] != step.name {
			continue
		}
		if err := inTransaction(db, step.run); err != nil {
			log.Fatalf("%s: %v", step.name, err)
		}
		if len(os.Args) == 1 {
			time.Sleep(2 * time.Second)
		}
	}
}
