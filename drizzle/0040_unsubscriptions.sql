CREATE TABLE "unsubscriptions" (
	"user_id" bigint NOT NULL,
	"event_type" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "unsubscriptions_user_id_event_type_pk" PRIMARY KEY("user_id","event_type")
);
--> statement-breakpoint
ALTER TABLE "unsubscriptions" ADD CONSTRAINT "unsubscriptions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
-- What links and the API had written into the settings. What a host wrote there cannot be told apart.
INSERT INTO unsubscriptions (user_id, event_type, created_at)
SELECT user_id, '*', unsubscribed_at FROM user_notification_settings WHERE unsubscribed_at IS NOT NULL
UNION
SELECT user_id, t.event_type, updated_at FROM user_notification_settings CROSS JOIN LATERAL (SELECT DISTINCT unnest(unsubscribed_types)) AS t(event_type)
WHERE t.event_type <> '*';
