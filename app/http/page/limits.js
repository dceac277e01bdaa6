// What the service accepts; a test holds this to the service.
export default {
  "body": 5000,
  "photos": 10,
  "photoBytes": 15728640,
  "videoBytes": 209715200,
  "photoTypes": ["image/gif", "image/jpeg", "image/png", "image/webp"],
  "videoTypes": ["video/mp4", "video/quicktime", "video/webm"]
};
