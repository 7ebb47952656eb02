// A place to drop files and folders, or to pick them: each is sent by itself, with its path inside the folder, at most two at a time.
const most = 5000; // files at once
export default {
  template: `
    <div class="af-drop" :class="{ over: over > 0 }" data-testid="upload"
         @dragenter.prevent="over++" @dragover.prevent @dragleave="over--" @drop.prevent="dropped">
      <div class="af-drop-line">
        <span>{{ words }}</span>
        <button type="button" class="af-pick" data-testid="pick-files" @click="$refs.files.click()">{{ pick }}</button>
        <button v-if="folders" type="button" class="af-pick" data-testid="pick-folder" @click="$refs.folder.click()">Choose a folder</button>
      </div>
      <div class="af-drop-note">At most {{ Math.round(limit / 1048576) }} MB{{ folders ? " each" : "" }}. Nothing leaves this machine.</div>
      <input ref="files" type="file" multiple hidden data-testid="file-input" :accept="accept" aria-label="files to add" @change="picked">
      <input ref="folder" type="file" webkitdirectory hidden data-testid="folder-input" aria-label="folder to add" @change="picked">
      <div v-if="total" class="af-drop-progress" role="status" data-testid="upload-progress">
        <progress :value="sent" :max="bytes || 1" aria-label="upload"></progress>
        <span>{{ done }} of {{ total }} files, {{ megabytes(sent) }} of {{ megabytes(bytes) }} MB{{ busy ? '' : ', done' }}</span>
      </div>
    </div>`,
  props: { url: String, limit: Number, accept: String, folders: Boolean, words: String, pick: String },
  emits: ["received"],
  data: () => ({ over: 0, queue: [], total: 0, done: 0, bytes: 0, finished: 0, flying: {}, busy: 0, report: [] }),
  computed: {
    sent() {
      return this.finished + Object.values(this.flying).reduce((a, b) => a + b, 0);
    },
  },
  methods: {
    megabytes(size) {
      return (size / 1048576).toFixed(size < 10485760 ? 1 : 0);
    },
    picked(event) {
      const files = [...event.target.files].map((f) => ({ file: f, name: f.webkitRelativePath || f.name }));
      event.target.value = "";
      this.add(files);
    },
    async dropped(event) {
      this.over = 0;
      const entries = [...event.dataTransfer.items].map((i) => i.webkitGetAsEntry && i.webkitGetAsEntry()).filter(Boolean);
      if (!entries.length) return this.add([...event.dataTransfer.files].map((f) => ({ file: f, name: f.name })));
      const found = [];
      const unread = [];
      for (const entry of entries) await this.walk(entry, "", found, unread);
      this.add(found, unread);
    },
    async walk(entry, folder, found, unread) {
      if (found.length > most || entry.name.startsWith(".")) return;
      const name = folder + entry.name;
      try {
        if (entry.isFile) {
          const file = await new Promise((yes, no) => entry.file(yes, no));
          found.push({ file, name });
          return;
        }
        const reader = entry.createReader();
        for (;;) {
          const some = await new Promise((yes, no) => reader.readEntries(yes, no));
          if (!some.length) return;
          for (const one of some) await this.walk(one, name + "/", found, unread);
        }
      } catch {
        unread.push({ name, error: "the browser may not read it" });
      }
    },
    add(files, unread = []) {
      const visible = files.filter((f) => !f.name.split("/").some((part) => part.startsWith(".")));
      if (!this.busy) Object.assign(this, { total: 0, done: 0, bytes: 0, finished: 0, report: [] });
      this.report.push(...unread);
      if (visible.length > most) {
        this.report.push({ name: "", error: `more than ${most} files at once: drop an inner folder` });
        visible.length = 0;
      }
      for (const one of visible) {
        this.total++;
        if (one.file.size > this.limit) {
          this.done++;
          this.report.push({ name: one.name, error: `is larger than ${Math.round(this.limit / 1048576)} MB` });
          continue;
        }
        this.bytes += one.file.size;
        this.queue.push(one);
      }
      this.next();
      if (!this.busy && (this.total || this.report.length)) this.tell();
    },
    next() {
      while (this.busy < 2 && this.queue.length) this.send(this.queue.shift());
    },
    send({ file, name }) {
      this.busy++;
      const request = new XMLHttpRequest();
      request.upload.onprogress = (e) => (this.flying[name] = Math.min(e.loaded, file.size));
      request.onloadend = () => {
        delete this.flying[name];
        this.finished += file.size;
        this.done++;
        this.busy--;
        this.report.push(...this.refused(request, name));
        this.next();
        if (!this.busy || this.done % 20 === 0) this.tell();
      };
      request.open("POST", (window.path_prefix || "") + this.url);
      const form = new FormData();
      form.append("file", file, name);
      request.send(form);
    },
    refused(request, name) {
      try {
        return JSON.parse(request.responseText).refused.map((r) => ({ name, error: r.why }));
      } catch {
        const why = request.status ? `was refused (${request.status})` : "could not be sent: is the server still running?";
        return [{ name, error: why }];
      }
    },
    tell() {
      this.$emit("received", { done: this.done, total: this.total, refused: this.report, busy: this.busy > 0 });
      this.report = [];
    },
  },
};
