import type { UserNotification } from "../../notifications/notification-list.ts";

/** The JSON form of a notification, in the list and in the stream. */
export const notificationResponse = (notification: UserNotification) => ({
  id: notification.id,
  event_type: notification.eventType,
  project_id: notification.projectId,
  thread_id: notification.threadId,
  title: notification.title,
  body: notification.body,
  link: notification.link,
  count: notification.count,
  created_at: notification.createdAt,
  updated_at: notification.updatedAt,
  read_at: notification.readAt,
});
