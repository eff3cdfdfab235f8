CREATE TABLE "meeting_reminders" (
	"meeting_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	"start_time" timestamp with time zone NOT NULL,
	"offset_minutes" integer NOT NULL,
	"told" boolean NOT NULL,
	"decided_at" timestamp with time zone NOT NULL,
	CONSTRAINT "meeting_reminders_meeting_id_user_id_start_time_offset_minutes_pk" PRIMARY KEY("meeting_id","user_id","start_time","offset_minutes"),
	CONSTRAINT "meeting_reminders_offset" CHECK (offset_minutes > 0)
);
