-- Keeps what was handed to the workers until they report it.
--
-- All that is unreported of a pair stands in one place: the queue of a connection, or of `nobody`, where it waits for a worker to come.
-- So the pair's next stanza knows behind what it must stay.

return function (options)
	local queues = module:require "queue";

	local state = {
		-- Of all queues together.
		bytes = 0,
		nobody = { queue = queues.new() },
		-- pair -> { place = a connection or nobody, count = entries of the pair there }
		holders = {},
	};

	local function put(place, entry)
		local holder = state.holders[entry.pair] or { count = 0 };
		holder.place, holder.count = place, holder.count + 1;
		state.holders[entry.pair] = holder;
		state.bytes = state.bytes + #entry.xml;
		queues.push(place.queue, entry);
	end

	-- The entry has left its queue.
	local function let_go(entry)
		local holder = state.holders[entry.pair];
		holder.count = holder.count - 1;
		if holder.count == 0 then
			state.holders[entry.pair] = nil;
		end
		state.bytes = state.bytes - #entry.xml;
	end

	-- Takes away all that `place` has, or what `is_wanted` picks of it; in the order of the numbers.
	local function take(place, is_wanted)
		local entries = queues.extract(place.queue, is_wanted or function () return true; end);
		for _, entry in ipairs(entries) do
			let_go(entry);
		end
		table.sort(entries, function (a, b) return a.n < b.n; end);
		return entries;
	end

	-- Forgets what was handed to this connection, up to the stanza of this number.
	local function forget(connection, n)
		local at = queues.find(connection.queue, n);
		while at and connection.queue.first <= at do
			let_go(queues.shift(connection.queue));
		end
		connection.full = nil;
	end

	-- Has the place no room for so many bytes more? Said once until there is room again.
	local function is_full(place, bytes)
		if queues.count(place.queue) < options.unhandled_limit and state.bytes + bytes <= options.unhandled_bytes then
			return false;
		end
		if not place.full then
			place.full = true;
			module:log("warn", "%d stanzas for %s and %d bytes in all are not handled: what is new comes back to its sender",
				queues.count(place.queue), place.name or "nobody", state.bytes);
		end
		return true;
	end

	return {
		put = put,
		take = take,
		forget = forget,
		is_full = is_full,
		-- Where the unreported stanzas of a pair are; nil if there are none.
		place_of = function (pair) return state.holders[pair] and state.holders[pair].place; end,
		-- Where stanzas wait that no worker has.
		nobody = function () return state.nobody; end,
		save = function () return state; end,
		restore = function (saved) state = saved or state; end,
	};
end
