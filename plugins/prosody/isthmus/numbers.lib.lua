-- Numbers what is handed to a worker, so that the worker can report what it has handled.

local new_id = require "util.id".medium;
local st = require "util.stanza";

return function (options)
	-- The epoch tells the numbers of this life of the module from those of an earlier one.
	local state = { epoch = new_id(), last = 0 };

	local function is_number(child)
		return type(child) == "table" and child.name == "number" and child.attr.xmlns == options.xmlns;
	end

	return {
		-- The stanza as it goes over the wire, with the next number as its last child; and that number. The stanza itself is not
		-- touched: mod_presence sends the same one to many contacts. What a client has put there is left out.
		number = function (stanza)
			state.last = state.last + 1;
			local copy = st.clone(stanza, true);
			copy.attr.xmlns = nil;
			for _, child in ipairs(stanza) do
				if not is_number(child) then
					copy:add_direct_child(child);
				end
			end
			copy:tag("number", { xmlns = options.xmlns, epoch = state.epoch, n = ("%d"):format(state.last) }):up();
			return tostring(copy), state.last;
		end,
		last = function () return state.last; end,
		save = function () return state; end,
		restore = function (saved) state = saved or state; end,
	};
end
