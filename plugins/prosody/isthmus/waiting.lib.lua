-- Stanzas that no worker has: they wait for one to come, for the grace period at most.

local now = require "util.time".monotonic;
local st = require "util.stanza";

return function (options, unhandled)
	local is_watching = false;

	local function bounce(entry)
		if entry.name == "presence" then
			unhandled.nobody().missed = (unhandled.nobody().missed or 0) + 1;
		elseif entry.attr.type ~= "error" then
			local stanza = st.stanza(entry.name, entry.attr);
			module:send(st.error_reply(stanza, "wait", "remote-server-timeout", "The gateway to this user's server is not connected"));
		end
	end

	local function give_up_old_ones()
		local deadline = now() - options.grace_period;
		local entries = unhandled.take(unhandled.nobody(), function (entry) return entry.since <= deadline; end);
		if #entries > 0 then
			module:log("warn", "No worker has come for %d stanzas: they go back to their senders", #entries);
		end
		for _, entry in ipairs(entries) do
			bounce(entry);
		end
	end

	-- Until nothing waits any more.
	local function watch()
		local queue = unhandled.nobody().queue;
		if is_watching or not queue[queue.first] then
			return;
		end
		is_watching = true;
		module:add_timer(math.max(0, queue[queue.first].since + options.grace_period - now()), function ()
			is_watching = false;
			give_up_old_ones();
			watch();
		end);
	end

	return {
		put = function (entry)
			entry.since, entry.waits = now(), true;
			unhandled.put(unhandled.nobody(), entry);
			watch();
		end,
		take = function () return unhandled.take(unhandled.nobody()); end,
		-- After a reload of the module its timers are gone.
		resume = watch,
	};
end
